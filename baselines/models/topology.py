"""The topology of a champion with a weight of its own for each connection, and its place to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.models.model import Model, Problem, Start
from wann.activations import ACTIVATIONS
from wann.batch import Batch, shared_weight_logits, tempered_scores
from wann.layers import layers_of
from wann.network import Network, Networks
from wann.torch.program import FUNCTIONS

# Besides those that the champion's search swept; 1 is first because equal ones are decided by place.
WEIGHTS = (1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.0, -2.0)


@dataclass(frozen=True)
class _Step:
    """Nodes of one level and one activation."""

    activation: int
    num_nodes: int
    edges: slice


class Topology(Model):
    """A network with E + 1 parameters: its E live connections, and a factor of all logits.

    Nodes are computed level by level. The activation "step" has no gradient: what only steps see keeps its weight.
    """

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__()
        assert problem.start is not None
        network = self.network = problem.start.network
        self.connections = nn.Parameter(torch.full((network.num_connections,), problem.start.weight))
        # As a logarithm it stays above 0, and a step of Adam changes it by a share of itself.
        self.log_scale = nn.Parameter(torch.tensor(problem.start.logit_scale).log())
        for name, array in _arrays(network).items():
            self.register_buffer(name, torch.from_numpy(array.copy()))
        self._steps, places = _plan(network)
        for name, array in places.items():
            self.register_buffer(name, torch.from_numpy(array), persistent=False)

    def weights(self) -> tuple[Tensor, ...]:
        """Weights [E] in the order of the steps, and the factor of logits."""
        return self.connections[cast(Tensor, self.edge)], self.log_scale.exp()

    def logits(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        connections, scale = weights
        source, target = cast(Tensor, self.source), cast(Tensor, self.target)
        values = torch.cat([torch.ones_like(inputs[:, :1]), inputs], 1).T.contiguous()
        for step in self._steps:
            terms = values.index_select(0, source[step.edges]) * connections[step.edges, None]
            total = values.new_zeros(step.num_nodes, len(inputs)).index_add(0, target[step.edges], terms)
            values = torch.cat([values, FUNCTIONS[step.activation](total)])
        return values.index_select(0, cast(Tensor, self.output)).T * scale

    @property
    def num_connections(self) -> int:
        return self.connections.numel()


def _arrays(network: Network) -> dict[str, NDArray]:
    """The arrays that a file needs to rebuild the network."""
    return {
        "network_activations": network.activations,
        "network_fan_in": network.fan_in,
        "network_sources": network.sources,
    }


def start_of_file(tensors: Mapping[str, NDArray], num_inputs: int, num_outputs: int) -> Start | None:
    """The topology in the tensors of a `Topology`; None in those of another model."""
    if "network_sources" not in tensors:
        return None
    activations, fan_in, sources = (tensors[f"network_{name}"] for name in ("activations", "fan_in", "sources"))
    ids = np.arange(len(sources), dtype=np.int32)
    return Start(Network(num_inputs, num_outputs, activations, fan_in, sources, ids, 0), 1.0, 1.0)


def _plan(network: Network) -> tuple[list[_Step], dict[str, NDArray[np.int64]]]:
    """The steps, and arrays [E] in their order: each connection's place in the network, its source's row among the
    bias, the inputs and the nodes in the order of the steps, its target's place in its step. ``output``: rows [O].
    """
    layers = layers_of(network)
    ends = np.cumsum([0, *(len(group.edges) for group in layers.groups)]).tolist()
    steps = [
        _Step(ACTIVATIONS[group.activation].code, group.num_nodes, slice(begin, end))
        for group, begin, end in zip(layers.groups, ends, ends[1:], strict=False)
    ]
    arrays = {
        "edge": [group.edges for group in layers.groups],
        "source": [group.sources for group in layers.groups],
        "target": [group.targets for group in layers.groups],
    }
    joined = {name: np.concatenate(parts) for name, parts in arrays.items()}
    return steps, {**joined, "output": np.array(layers.output_rows)}


def best_start(network: Network, swept: Sequence[float], batch: Batch) -> Start:
    """The shared weight, of those swept and `WEIGHTS`, and the factor of logits that fit images best.

    Args:
        network: I inputs.
        swept: shared weights that the champion was made for.
        batch: training images, so that nothing is chosen on others.
    """
    from wann.kernels.cross_entropy import fit_scales

    weights = np.array(list(dict.fromkeys((*WEIGHTS, *swept))))
    networks = Networks.of([network])
    losses = tempered_scores(networks, weights, batch).losses[0]
    # Equivalent weights differ by rounding.
    weight = weights[np.argmin(losses.round(5))]
    logits = shared_weight_logits(networks, np.array([weight]), batch)[0]
    scale = np.ones(1, np.float32)
    fit_scales(logits, batch.labels, scale)
    # What is hardly better than chance fits best at a factor of almost 0, from where training would take long.
    spread = float(logits.astype(np.float64).std(axis=1).mean())
    return Start(network, float(weight), max(float(scale[0]), 1 / spread if spread > 0 else 1.0))
