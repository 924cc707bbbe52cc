"""Many networks on one batch of images by torch, on any device; the same answers as `wann.batch`.

All nodes of a chunk of networks are rows of one tensor. What they sum over inputs is one product of a 0/1 matrix with
the images, exact in float32 (`envs.image_inputs.smallest_difference`); the rest follows level by level, sources added
from left to right as in the lane kernels, so sums have the same bits as there. No network is padded to another's size.
Losses are added up as whole numbers: a score depends neither on the chunk nor on the order of a device's threads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from wann.activations import ACTIVATIONS, PERIODIC_LIMIT, STEP_THRESHOLD
from wann.batch import Batch, Scores
from wann.network import Networks, node_levels
from wann.torch_device import one_thread

LOGGER = logging.getLogger(__name__)

Tensor = torch.Tensor
# Losses are rounded to this share of a nat, and cut where nothing is to be told from them any more.
_LOSS_UNIT, _LARGEST_LOSS = 2.0**-32, 2.0**17
# Tensors of the size of all values that are alive at once.
_COPIES = 4
_LANES = 64  # images are padded to a multiple: a processor's vectors have no rest, which would be computed otherwise


def _periodic(x: Tensor) -> Tensor:
    x = x.clamp(-PERIODIC_LIMIT, PERIODIC_LIMIT)
    return x - 2 * torch.round(x / 2)


FUNCTIONS: dict[int, Callable[[Tensor], Tensor]] = {
    ACTIVATIONS[name].code: function
    for name, function in {
        "linear": lambda x: x,
        "step": lambda x: (x > STEP_THRESHOLD).to(x.dtype),
        "sin": lambda x: torch.sin(torch.pi * _periodic(x)),
        "gaussian": lambda x: torch.exp(-(x * x) / 2),
        "tanh": torch.tanh,
        "sigmoid": lambda x: (torch.tanh(x / 2) + 1) / 2,
        "inverse": lambda x: -x,
        "abs": torch.abs,
        "relu": torch.relu,
        "cos": lambda x: torch.cos(torch.pi * _periodic(x)),
    }.items()
}


@dataclass(frozen=True)
class TorchBackend:
    """What `wann.batch` does, on a device.

    Args:
        device: a torch device, such as "cuda" or "cpu".
        memory_bytes: that the values of a chunk may take; halved for the rest of a call where the device has less.
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
        """[P, W, O, B] logits of all networks, in one piece; weights are [W], or [sum E, W] by live connection."""
        with torch.inference_mode(), one_thread(self.device):
            found = _Program(networks, self.device).logits(weights, _on_device(batch, self.device))
            return found[..., : len(batch)].cpu().numpy()

    def _in_chunks(self, networks: Networks, weights: NDArray, batch: Batch, tempered: bool) -> Scores:
        parts = []
        with torch.inference_mode(), one_thread(self.device):
            images, labels = _on_device(batch, self.device), torch.as_tensor(batch.labels, device=self.device)
            begin, budget = 0, self.memory_bytes
            while begin < len(networks):
                rows = self._rows(networks, begin, weights.shape[-1] * images.shape[1], budget)
                own = weights
                if weights.ndim == 2:
                    own = weights[networks.connection_offsets[begin] : networks.connection_offsets[rows[-1] + 1]]
                try:
                    logits = _Program(networks.take(rows), self.device).logits(own, images)[..., : len(batch)]
                    parts.append(_score(_tempered(logits, labels) if tempered else logits, labels))
                except torch.OutOfMemoryError:
                    if len(rows) == 1:
                        raise
                    budget //= 2
                    LOGGER.warning("%s is out of memory: going on with chunks of %d MB", self.device, budget // 2**20)
                    torch.cuda.empty_cache()
                    continue
                begin = int(rows[-1]) + 1
        losses, correct = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return Scores(losses / len(batch), correct / len(batch))

    @staticmethod
    def _rows(networks: Networks, begin: int, lanes: int, budget: int) -> NDArray[np.int64]:
        """The next networks whose values fit into the budget: at least one."""
        nodes = networks.node_offsets[begin + 1 :] - networks.node_offsets[begin]
        count = int(np.searchsorted(nodes * lanes * 4 * _COPIES, budget, side="right"))
        return np.arange(begin, begin + max(1, count))


class _Program:
    """P networks as index tensors. Rows: the bias and the inputs, then the nodes of all networks."""

    def __init__(self, networks: Networks, device: str) -> None:
        self._networks, self._device = networks, device
        self._first_row = 1 + networks.num_inputs
        # Of each connection: its network, its target, its source's row among all.
        count = np.diff(networks.connection_offsets)
        network = np.repeat(np.arange(len(networks)), count)
        self._target = np.repeat(np.arange(len(networks.fan_in)), networks.fan_in)
        shift = np.where(networks.sources < self._first_row, 0, networks.node_offsets[network])
        self._source = networks.sources + shift

    def logits(self, weights: NDArray, images: Tensor) -> Tensor:
        """[P, W, O, B] for weights [W] or [sum E, W], and images [1 + I, B]."""
        networks, first_row = self._networks, self._first_row
        num_nodes, num_weights = len(networks.fan_in), weights.shape[-1]
        scale = torch.as_tensor(np.asarray(weights, np.float32), device=self._device)
        individual = weights.ndim == 2
        values = torch.empty((first_row + num_nodes, num_weights, images.shape[1]), device=self._device)
        values[:first_row] = images[:, None]
        of_inputs = None if individual else self._input_matrix() @ images
        for code, nodes, columns in self._steps(individual):
            rows = torch.as_tensor(nodes, device=self._device)
            if of_inputs is None:
                total = torch.zeros((len(nodes), *values.shape[1:]), device=self._device)
            else:
                total = of_inputs[rows][:, None].repeat(1, num_weights, 1)
            for edges in columns:  # the first nodes have most sources
                term = values[torch.as_tensor(self._source[edges], device=self._device)]
                if individual:
                    term = term * scale[torch.as_tensor(edges, device=self._device)][:, :, None]
                total[: len(edges)] += term
            values[first_row + rows] = FUNCTIONS[code](total if individual else total * scale[:, None])
        outputs = networks.node_offsets[1:, None] - np.arange(networks.num_outputs, 0, -1)
        found = values[torch.as_tensor(first_row + outputs.ravel(), device=self._device)]
        return found.reshape(len(networks), networks.num_outputs, num_weights, -1).transpose(1, 2)

    def _input_matrix(self) -> Tensor:
        """[nodes, 1 + I]: 1 where the bias or an input feeds a node."""
        there = self._source < self._first_row
        matrix = torch.zeros((len(self._networks.fan_in), self._first_row), device=self._device)
        target, source = (torch.as_tensor(array[there], device=self._device) for array in (self._target, self._source))
        matrix[target, source] = 1
        return matrix

    def _steps(self, individual: bool) -> Iterator[tuple[int, NDArray[np.int64], list[NDArray[np.int64]]]]:
        """Activation, nodes, and their first connections, second ones and so on, by level: those of nodes that only
        inputs feed, of nodes that those feed, and so on. Without the inputs' connections unless weights are individual.
        """
        networks = self._networks
        edges = np.arange(len(self._source))
        if not individual:
            edges = edges[self._source >= self._first_row]
        fan_in = np.bincount(self._target[edges], minlength=len(networks.fan_in))
        first_edge = np.concatenate([[0], np.cumsum(fan_in)])
        levels = node_levels(networks)
        order = np.lexsort((-fan_in, networks.activations, levels))
        group = levels[order] * 256 + networks.activations[order]
        for nodes in np.split(order, np.flatnonzero(np.diff(group)) + 1):
            columns = [
                edges[first_edge[nodes[fan_in[nodes] > column]] + column] for column in range(fan_in[nodes].max())
            ]
            yield int(networks.activations[nodes[0]]), nodes, columns


def _score(logits: Tensor, labels: Tensor) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Summed losses (nats) and right answers, both [P, W], of [P, W, O, B] logits."""
    own = logits.gather(2, labels.expand(*logits.shape[:2], 1, -1))
    losses = torch.logsumexp(logits, 2).double() - own[:, :, 0].double()
    whole = (losses.clamp(max=_LARGEST_LOSS) / _LOSS_UNIT).round().nan_to_num(_LARGEST_LOSS / _LOSS_UNIT)
    before = torch.arange(logits.shape[2], device=logits.device)[:, None] < labels
    beaten = ((logits > own) | ((logits == own) & before)).any(2)
    total = whole.long().sum(-1).double() * _LOSS_UNIT
    return total.cpu().numpy(), (~beaten).sum(-1).cpu().numpy()


def _tempered(logits: Tensor, labels: Tensor) -> Tensor:
    """Logits times the factors of the kernels' `fit_scales`: fitted there, so that both backends use the same."""
    from wann.score_kernels import fit_scales

    there = np.ascontiguousarray(logits.cpu().numpy()).reshape(-1, *logits.shape[2:])
    scales = np.ones(len(there), np.float32)
    fit_scales(there, labels.cpu().numpy(), scales)
    return logits * torch.as_tensor(scales, device=logits.device).reshape(*logits.shape[:2], 1, 1)


def _on_device(batch: Batch, device: str) -> Tensor:
    """[1 + I, B] with the bias, padded by images of zeros."""
    count = len(batch)
    padded = np.zeros((1 + len(batch.inputs), -(-count // _LANES) * _LANES), np.float32)
    padded[0], padded[1:, :count] = 1, batch.inputs
    return torch.as_tensor(padded, device=device)
