"""Many networks on one batch of images, on the CPU: logits, cross-entropy and accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wann.network import Networks, require_plain

# Images in a tile, by the number of nodes whose values are held at once. The values should fit into the L2 cache.
_TILES = ((300, 256), (2**31, 128))
# With individual weights, the values of only one setting are held.
_INDIVIDUAL_TILE = 256
# Maximal number of weight settings computed at once as lanes.
_MOST_SETTINGS = 8
# Maximal number of logits held at once.
_MOST_LOGITS = 2**22


@dataclass(frozen=True)
class Scores:
    """Scores of P networks at W weight settings over a batch."""

    losses: NDArray[np.float64]  # [P, W] mean cross-entropy of the softmax (nats)
    accuracies: NDArray[np.float64]  # [P, W] share of images whose largest logit (the first if equal) is the label's


@dataclass(frozen=True, eq=False)
class Batch:
    """B images and their labels. The layout for kernels is made on first use."""

    inputs: NDArray[np.float32]  # [I, B]
    labels: NDArray[np.int64]  # [B]

    def __len__(self) -> int:
        return self.inputs.shape[1]

    @cached_property
    def _packed(self) -> dict[int, NDArray[np.float32]]:
        return {}

    def tiles(self, size: int) -> NDArray[np.float32]:
        """Tiles [tiles, 1 + I, size] of the inputs, with the bias in row 0 and zeros after the last image."""
        if size not in self._packed:
            num_inputs, count = self.inputs.shape
            padded = np.zeros((1 + num_inputs, -(-count // size) * size), np.float32)
            padded[0] = 1
            padded[1:, :count] = self.inputs
            packed = padded.reshape(1 + num_inputs, -1, size).transpose(1, 0, 2)
            self._packed[size] = np.ascontiguousarray(packed)
        return self._packed[size]


class Backend(Protocol):
    """Computes networks on batches of images: this module, or `wann.torch.batch.TorchBackend`."""

    def mean_losses(self, networks: Networks, weights: NDArray[np.float64], batch: Batch) -> NDArray[np.float64]: ...
    def scores(self, networks: Networks, weights: NDArray[np.float64], batch: Batch) -> Scores: ...
    def tempered_scores(self, networks: Networks, weights: NDArray[np.float64], batch: Batch) -> Scores: ...
    def individual_scores(self, networks: Networks, weights: Sequence[NDArray[np.float32]], batch: Batch) -> Scores: ...


def scores(networks: Networks, weights: NDArray[np.float64], batch: Batch) -> Scores:
    """Scores of every network at every shared weight.

    A score's bits depend on the network, the weight and the batch only.

    Args:
        networks: P programs with I inputs.
        weights: [W].
        batch: B images.
    """
    correct = np.zeros((len(networks), len(weights)), np.int64)
    losses = _losses(networks, weights, batch, correct)
    return Scores(losses / len(batch), correct / len(batch))


def mean_losses(networks: Networks, weights: NDArray[np.float64], batch: Batch) -> NDArray[np.float64]:
    """Only the losses of `scores`, [P, W], as a search needs them. It is a tenth faster for small networks."""
    return _losses(networks, weights, batch, np.zeros((0, len(weights)), np.int64)) / len(batch)


def _losses(
    networks: Networks, weights: NDArray[np.float64], batch: Batch, correct: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Summed losses [P, W]. ``correct`` [P, W] is written, unless it is [0, W]."""
    from wann.kernels.image_forward import shared_losses

    program, num_slots = _merged(networks)
    images = batch.tiles(_tile(num_slots))
    losses = np.zeros((len(networks), len(weights)))
    for settings in _parts(len(weights)):
        chosen = np.asarray(weights, np.float32)[settings]
        found = np.zeros((len(networks), len(chosen)))
        right = np.zeros((len(correct), len(chosen)), np.int64)
        shared_losses(program, num_slots, images, batch.labels, chosen, _opposite(chosen), found, right)
        losses[:, settings], correct[:, settings] = found, right
    return losses


def tempered_scores(networks: Networks, weights: NDArray[np.float64], batch: Batch) -> Scores:
    """Like `scores`, with the cross-entropy of logits scaled by the factor that fits each network and weight best."""
    from wann.kernels.cross_entropy import fit_scales, score

    count, per_network = len(networks), len(weights) * networks.num_outputs * len(batch)
    losses, correct = np.zeros((count, len(weights))), np.zeros((count, len(weights)), np.int64)
    step = max(1, _MOST_LOGITS // per_network)
    for begin in range(0, count, step):
        rows = np.arange(begin, min(begin + step, count))
        logits = shared_weight_logits(networks.take(rows), weights, batch)
        settings = logits.reshape(-1, *logits.shape[2:])
        scales = np.ones(len(settings), np.float32)
        fit_scales(settings, batch.labels, scales)
        settings *= scales[:, None, None]
        found = np.zeros(len(settings)), np.zeros(len(settings), np.int64)
        score(settings, batch.labels, *found)
        losses[rows], correct[rows] = (part.reshape(len(rows), -1) for part in found)
    return Scores(losses / len(batch), correct / len(batch))


def individual_scores(
    networks: Networks,
    weights: Sequence[NDArray[np.float32]],
    batch: Batch,
    scales: NDArray[np.float32] | None = None,
) -> Scores:
    """Scores of every network with individual weights for its connections.

    Args:
        networks: P programs with I inputs.
        weights: P arrays [E, W], by live connection.
        batch: B images.
        scales: [W] factors of all logits of a setting; None means 1.
    """
    from wann.kernels.image_forward import individual_losses

    num_weights = weights[0].shape[1]
    factors = np.ones(num_weights, np.float32) if scales is None else scales
    losses, correct = np.zeros((len(networks), num_weights)), np.zeros((len(networks), num_weights), np.int64)
    (program, num_slots), images = _apart(networks), batch.tiles(_INDIVIDUAL_TILE)
    for p in range(len(networks)):
        settings = np.ascontiguousarray(weights[p].T, np.float32)
        arguments = num_slots, images, batch.labels, settings, factors
        individual_losses(program, p, *arguments, losses[p], correct[p])
    return Scores(losses / len(batch), correct / len(batch))


def shared_weight_logits(networks: Networks, weights: NDArray[np.float64], batch: Batch) -> NDArray[np.float32]:
    """Logits [P, W, O, B] of every network at every shared weight; see `scores`."""
    from wann.kernels.image_forward import shared_logits

    logits = np.empty((len(networks), len(weights), networks.num_outputs, len(batch)), np.float32)
    program, num_slots = _merged(networks)
    images = batch.tiles(_tile(num_slots))
    for settings in _parts(len(weights)):
        chosen = np.asarray(weights, np.float32)[settings]
        part = np.empty((len(networks), len(chosen), *logits.shape[2:]), np.float32)
        shared_logits(program, num_slots, images, chosen, _opposite(chosen), part)
        logits[:, settings] = part
    return logits


def _merged(networks: Networks) -> tuple[tuple[NDArray, ...], int]:
    """Arguments of `wann.kernels.image_forward` at shared weights. Nodes that networks share are computed once."""
    from wann.kernels.node_merging import assign_slots, merged

    require_plain(networks)
    num_rows = 1 + networks.num_inputs
    return assign_slots(merged(networks.program_arrays(), num_rows, networks.num_outputs), num_rows)


def _apart(networks: Networks) -> tuple[tuple[NDArray, ...], int]:
    """Arguments of `wann.kernels.image_forward` for networks with individual weights."""
    from wann.kernels.node_merging import apart, assign_slots

    require_plain(networks)
    num_rows = 1 + networks.num_inputs
    return assign_slots(apart(networks.program_arrays(), num_rows, networks.num_outputs), num_rows)


def _parts(count: int) -> list[slice]:
    return [slice(begin, begin + _MOST_SETTINGS) for begin in range(0, count, _MOST_SETTINGS)]


def _tile(num_slots: int) -> int:
    """Number of images in a tile."""
    return next(tile for most, tile in _TILES if num_slots <= most)


def _opposite(weights: NDArray[np.float32]) -> NDArray[np.int64]:
    """For each negative weight, the index [W] of its positive if that is present; else the weight's own index."""
    own = np.arange(len(weights))
    matches = (weights[:, None] == -weights[None]) & (weights[:, None] < 0)
    return np.where(matches.any(axis=1), matches.argmax(axis=1), own)
