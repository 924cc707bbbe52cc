"""Many networks on one batch of images by torch, on any device, with the results of `wann.batch`.

The nodes of a chunk of networks form one graph (`wann.torch.program`). So no network is padded to another's size, and
at shared weights a node that several networks have is computed once. Losses are summed as integers, so a score depends
neither on the chunk nor on the order of a device's threads.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from wann.batch import Batch, Scores
from wann.network import Networks, longest_paths, require_plain
from wann.torch.device import repeatable
from wann.torch.program import Graph, Program, Tensor, images_on_device, most_nodes, temporary_bytes

LOGGER = logging.getLogger(__name__)

# Losses are rounded to this share of a nat, and limited to a value beyond which they carry no information.
_LOSS_UNIT, _LARGEST_LOSS = 2.0**-32, 2.0**17
# Memory of scoring: number of tensors of the logits' size, and bytes per image of one network and weight.
_LOGIT_COPIES, _LOSS_BYTES = 5, 40
# Share of the memory that tensors may take. Allocators and libraries need the rest.
_TENSORS = 31 / 32


@dataclass(frozen=True)
class TorchBackend:
    """The functions of `wann.batch`, on a device.

    Args:
        device: a torch device, such as "cuda" or "cpu".
        memory_bytes: limit on the memory of a chunk; halved for the rest of a call if the device has less.
    """

    device: str = "cpu"
    memory_bytes: int = 2**30

    def scores(self, networks: Networks, weights: NDArray[np.float64], batch: Batch) -> Scores:
        """See `wann.batch.scores`."""
        return self._in_chunks(networks, weights, batch, tempered=False)

    def mean_losses(self, networks: Networks, weights: NDArray[np.float64], batch: Batch) -> NDArray[np.float64]:
        """See `wann.batch.mean_losses`."""
        return self.scores(networks, weights, batch).losses

    def tempered_scores(self, networks: Networks, weights: NDArray[np.float64], batch: Batch) -> Scores:
        """See `wann.batch.tempered_scores`."""
        return self._in_chunks(networks, weights, batch, tempered=True)

    def individual_scores(self, networks: Networks, weights: Sequence[NDArray[np.float32]], batch: Batch) -> Scores:
        """See `wann.batch.individual_scores`."""
        return self._in_chunks(networks, np.concatenate(weights), batch, tempered=False)

    def logits(self, networks: Networks, weights: NDArray, batch: Batch) -> NDArray[np.float32]:
        """Logits [P, W, O, B] of all networks, in one piece; weights are [W], or [sum E, W] by live connection."""
        with repeatable(self.device):
            images = images_on_device(batch.inputs, self.device)
            joined = Joined.of(networks, weights.ndim == 2)
            return self._logits(joined, weights, images, self.memory_bytes)[..., : len(batch)].cpu().numpy()

    def _in_chunks(self, networks: Networks, weights: NDArray, batch: Batch, tempered: bool) -> Scores:
        parts = []
        with repeatable(self.device):
            images = images_on_device(batch.inputs, self.device)
            labels = torch.as_tensor(batch.labels, device=self.device)
            begin, budget = 0, self.memory_bytes
            while begin < len(networks):
                rest = Joined.of(networks.take(np.arange(begin, len(networks))), weights.ndim == 2)
                chunk = rest.first(self._fitting(rest, weights.shape[-1], images, budget))
                end = begin + len(chunk)
                own = weights
                if weights.ndim == 2:
                    own = weights[networks.connection_offsets[begin] : networks.connection_offsets[end]]
                try:
                    logits = self._logits(chunk, own, images, budget)[..., : len(batch)]
                    parts.append(_score(_tempered(logits, labels) if tempered else logits, labels))
                    del logits
                except torch.OutOfMemoryError:
                    if len(chunk) == 1:
                        raise
                    budget //= 2
                    LOGGER.warning("%s is out of memory: going on with chunks of %d MB", self.device, budget // 2**20)
                    torch.cuda.empty_cache()
                    continue
                begin = end
        losses, correct = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return Scores(losses / len(batch), correct / len(batch))

    def _fitting(self, joined: Joined, num_weights: int, images: Tensor, budget: int) -> int:
        """Number of networks, from the first on, that fit the budget; at least one."""
        first_row, count = images.shape
        lanes = num_weights * count
        fixed = 4 * first_row * (count + lanes) + temporary_bytes(lanes, self.device, budget)
        nodes, indices = joined.node_offsets[1:], 16 * joined.connection_offsets[1:]
        counts = np.arange(1, len(nodes) + 1)
        logits = 4 * lanes * joined.outputs.shape[1] * counts
        # Values, the contributions of inputs and the matrix for them; then logits alone.
        computing = fixed + 4 * nodes * (lanes + count + first_row) + logits + indices
        scoring = 4 * first_row * count + _LOGIT_COPIES * logits + _LOSS_BYTES * lanes * counts
        return max(1, int(np.searchsorted(np.maximum(computing, scoring), _TENSORS * budget, side="right")))

    def _logits(self, joined: Joined, weights: NDArray, images: Tensor, budget: int) -> Tensor:
        """Logits [P, W, O, B] for weights [W] or [sum E, W], and images [1 + I, B]."""
        lanes = weights.shape[-1] * images.shape[1]
        program = Program(joined.graph(), self.device, weights.ndim == 2, most_nodes(lanes, self.device, budget))
        values = program.values(np.asarray(weights, np.float32), images)
        rows = torch.as_tensor(program.row_of[joined.outputs.ravel()], device=self.device)
        found = values.index_select(0, rows)
        return found.reshape(*joined.outputs.shape, *values.shape[1:]).transpose(1, 2)


@dataclass(frozen=True)
class Joined:
    """P networks as one program. Its first networks form a program too. `wann.kernels.node_merging` has the arrays."""

    first_row: int  # of the nodes, 1 + I
    activations: NDArray[np.int8]  # [U]
    fan_in: NDArray[np.int32]  # [U]
    sources: NDArray[np.int32]  # [F] rows
    node_offsets: NDArray[np.int64]  # [P + 1]
    connection_offsets: NDArray[np.int64]  # [P + 1]
    outputs: NDArray[np.int32]  # [P, O] rows

    @classmethod
    def of(cls, networks: Networks, individual: bool) -> Joined:
        """Join networks. Nodes that they share are merged, unless connections have individual weights."""
        from wann.kernels.node_merging import apart, merged

        require_plain(networks)
        first_row, join = 1 + networks.num_inputs, apart if individual else merged
        return cls(first_row, *join(networks.program_arrays(), first_row, networks.num_outputs))

    def __len__(self) -> int:
        return len(self.outputs)

    def first(self, count: int) -> Joined:
        nodes, connections = self.node_offsets[count], self.connection_offsets[count]
        by_node, offsets = (self.activations[:nodes], self.fan_in[:nodes]), slice(count + 1)
        ends = self.node_offsets[offsets], self.connection_offsets[offsets]
        return Joined(self.first_row, *by_node, self.sources[:connections], *ends, self.outputs[:count])

    def graph(self) -> Graph:
        targets = np.repeat(np.arange(len(self.fan_in)), self.fan_in)
        inner = self.sources >= self.first_row
        levels = longest_paths(len(self.fan_in), self.sources[inner] - self.first_row, targets[inner])
        return Graph(self.first_row, self.activations, levels, targets, self.sources)


def _score(logits: Tensor, labels: Tensor) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Summed losses (nats) and right answers, both [P, W], of logits [P, W, O, B]."""
    own = logits.gather(2, labels.expand(*logits.shape[:2], 1, -1))
    losses = torch.logsumexp(logits, 2).double() - own[:, :, 0].double()
    whole = (losses.clamp(max=_LARGEST_LOSS) / _LOSS_UNIT).round().nan_to_num(_LARGEST_LOSS / _LOSS_UNIT)
    before = torch.arange(logits.shape[2], device=logits.device)[:, None] < labels
    beaten = ((logits > own) | ((logits == own) & before)).any(2)
    total = whole.long().sum(-1).double() * _LOSS_UNIT
    return total.cpu().numpy(), (~beaten).sum(-1).cpu().numpy()


def _tempered(logits: Tensor, labels: Tensor) -> Tensor:
    """Logits times the factors of the kernels' `fit_scales`, so that both backends use the same factors."""
    from wann.kernels.cross_entropy import fit_scales

    there = np.ascontiguousarray(logits.cpu().numpy()).reshape(-1, *logits.shape[2:])
    scales = np.ones(len(there), np.float32)
    fit_scales(there, labels.cpu().numpy(), scales)
    return logits * torch.as_tensor(scales, device=logits.device).reshape(*logits.shape[:2], 1, 1)
