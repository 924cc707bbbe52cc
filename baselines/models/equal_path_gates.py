"""Gates on a graph whose paths all have four connections, so that the class is the same at every shared weight.

A relay adds inputs and another subtracts them, a feature takes the absolute value of their sum, relays add and subtract
features in outputs: the genomes of `evolution.gradient.growth` with ``equal_paths``. At a shared weight w the outputs
are w^4 times those at 1. A relay and its opposite are one gate of three states: the layer from inputs to features is a
matrix of 1, 0 and -1, and so is that from features to outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.baseline import Baseline
from baselines.models.gate import Noise, signed
from baselines.models.gated import Gated
from baselines.models.model import Problem, normal
from baselines.training.by_gates import GateTrainer
from wann.activations import ACTIVATIONS
from wann.genome import LINEAR, Genome, make_genome

FEATURES = 256
# At the start: a connection in six is there.
_SPREAD, _THRESHOLD = 0.4, 0.55


class EqualPathGates(Gated):
    """(I + 1) * 256 + 256 * O gates, and a factor of logits."""

    def __init__(self, problem: Problem, generator: torch.Generator) -> None:
        super().__init__(_THRESHOLD)
        self.of_inputs = normal(generator, _SPREAD, FEATURES, 1 + problem.num_inputs)
        self.of_features = normal(generator, _SPREAD, problem.num_outputs, FEATURES)
        self.log_scale = nn.Parameter(torch.zeros(()))
        inputs = torch.rand(100, problem.num_inputs, generator=generator)
        with torch.no_grad():
            self.log_scale.fill_(-self.logits(inputs, self.weights()).std(1).mean().log())
        self.num_at_first = self.num_live()

    def weights(self) -> tuple[Tensor, ...]:
        """Both matrices, and the factor of logits."""
        return signed(self.of_inputs, self.threshold), signed(self.of_features, self.threshold), self.log_scale.exp()

    def drawn(self, generator: torch.Generator, noise: Noise | None) -> tuple[Tensor, ...]:
        """See `Gated.drawn`. Its trainer has no noise."""
        return self.weights()

    def logits(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        of_inputs, of_features, scale = weights
        features = (inputs @ of_inputs[:, 1:].T + of_inputs[:, 0]).abs()
        return scale * (features @ of_features.T)

    def strengths(self) -> list[Tensor]:
        """See `Gated.strengths`."""
        return [self.of_inputs.abs(), self.of_features.abs()]

    def num_live(self) -> int:
        """See `Gated.num_live`: of used features the gates, and the connections with their relays."""
        with torch.no_grad():
            of_inputs, of_features, _ = self.weights()
            used = of_inputs.any(1) & of_features.any(0)
            of_feature = [of_inputs[used], of_features[:, used].T]
            relays = sum(int((matrix == sign).any(1).sum()) for matrix in of_feature for sign in (1, -1))
            return relays + sum(int(matrix.count_nonzero()) for matrix in of_feature)

    def whole_genome(self) -> Genome:
        """See `Gated.whole_genome`."""
        of_inputs, of_features = (gates.detach().cpu().numpy() for gates in self.weights()[:2])
        return genome_of(of_inputs, of_features)


def genome_of(of_inputs: NDArray, of_features: NDArray) -> Genome:
    """The genome of matrices [F, 1 + I] and [O, F] of 1, 0 and -1. Features without inputs or outputs are left out."""
    used = of_inputs.any(axis=1) & of_features.any(axis=0)
    nodes = _Nodes(of_inputs.shape[1] - 1, len(of_features))
    for pixels, outputs in zip(of_inputs[used], of_features[:, used].T, strict=True):
        relays = [nodes.add(code, np.flatnonzero(pixels == sign)) for sign, code in _RELAYS if (pixels == sign).any()]
        feature = nodes.add(ACTIVATIONS["abs"].code, relays)
        for sign, code in _RELAYS:
            if (outputs == sign).any():
                nodes.feed(nodes.add(code, [feature]), outputs == sign)
    return nodes.genome()


_RELAYS = ((1, LINEAR), (-1, ACTIVATIONS["inverse"].code))  # sign and activation


class _Nodes:
    """A genome that grows by nodes."""

    def __init__(self, num_inputs: int, num_outputs: int) -> None:
        self._shape = num_inputs, num_outputs
        self._activations = [LINEAR] * (1 + num_inputs + num_outputs)
        self._sources: list[int] = []
        self._targets: list[int] = []

    def add(self, activation: int, sources: Iterable[int]) -> int:
        """A hidden node with these sources."""
        node = len(self._activations)
        self._activations.append(activation)
        self._connect([(int(source), node) for source in sources])
        return node

    def feed(self, node: int, outputs: NDArray[np.bool_]) -> None:
        """Connect a node to some outputs."""
        self._connect([(node, 1 + self._shape[0] + int(output)) for output in np.flatnonzero(outputs)])

    def _connect(self, ends: Sequence[tuple[int, int]]) -> None:
        self._sources += [source for source, _ in ends]
        self._targets += [target for _, target in ends]

    def genome(self) -> Genome:
        enabled = np.ones(len(self._sources), bool)
        return make_genome(*self._shape, self._activations, self._sources, self._targets, enabled)


BASELINE = Baseline(
    "gates with equal paths: the same class at every shared weight",
    EqualPathGates,
    GateTrainer(epochs=20, learning_rate=1e-2, patience=20),
)
