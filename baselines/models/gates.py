"""Gates on the connections and activations of a layered graph in which one weight is shared by all connections.

The graph is dense: the bias, the inputs and all nodes of earlier layers may feed a hidden node or an output. A hidden
node has one of several activations, chosen by a gate of its own. Nothing but gates is trained, and one factor of all
logits, which changes no class. There are no signs: negative influence comes from activations alone, as in
weight-agnostic champions. Gates are rounded in training too (`baselines.models.gate`), without noise.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from baselines.baseline import Baseline
from baselines.models.gate import Noise, chosen, opened
from baselines.models.gated import Gated
from baselines.models.model import Problem, normal
from baselines.training.by_gates import NoisyGateTrainer
from wann.activations import ACTIVATIONS
from wann.genome import LINEAR, Genome, make_genome
from wann.torch.program import FUNCTIONS

HIDDEN = (128, 64)  # nodes of the hidden layers
PALETTE = ("linear", "inverse", "abs", "tanh", "relu", "gaussian")
# Scores at the start: about one gate in ten is open.
_SPREAD, _MIDDLE = 0.5, -0.6


class LayeredGates(Gated):
    """See the module. ``weights`` are a shared weight, the factor of logits, connections and activations of each layer.

    Args:
        low, high: the shared weight; if they differ, each batch of training draws one, uniformly in its logarithm, and
            the factor of logits is a polynomial of the weight's logarithm.
    """

    def __init__(self, problem: Problem, generator: torch.Generator, low: float = 1.0, high: float = 1.0) -> None:
        super().__init__(threshold=0.0)
        self._low, self._high = low, high
        sources = 1 + problem.num_inputs
        self.connections = nn.ParameterList()
        for nodes in (*HIDDEN, problem.num_outputs):
            self.connections.append(nn.Parameter(normal(generator, _SPREAD, nodes, sources) + _MIDDLE))
            sources += nodes
        self.activations = nn.ParameterList(normal(generator, _SPREAD, nodes, len(PALETTE)) for nodes in HIDDEN)
        self.log_scale = nn.Parameter(torch.zeros(1 if low == high else 3))
        self._start_scale(torch.rand(100, problem.num_inputs, generator=generator))
        self.num_at_first = self.num_live()

    def weights(self) -> tuple[Tensor, ...]:
        """The network at the weight 1, or at the constant one."""
        return self.at(self._low if self._low == self._high else 1.0, None)

    def drawn(self, generator: torch.Generator, noise: Noise | None) -> tuple[Tensor, ...]:
        """See `Gated.drawn`."""
        return self.at(self.draw_weight(generator), noise)

    def draw_weight(self, generator: torch.Generator) -> float:
        """The shared weight of a batch."""
        if self._low == self._high:
            return self._low
        share = torch.rand((), generator=generator).item()
        return self._low ** (1 - share) * self._high**share

    def logits(self, inputs: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        weight, scale, *gates = weights
        connections, activations = gates[: len(self.connections)], gates[len(self.connections) :]
        values = torch.cat([torch.ones_like(inputs[:, :1]), inputs], 1)
        for layer, choice in zip(connections, activations, strict=False):
            values = torch.cat([values, _activated(weight * (values @ layer.T), choice)], 1)
        return scale * weight * (values @ connections[-1].T)

    def strengths(self) -> list[Tensor]:
        """See `Gated.strengths`."""
        return list(self.connections)

    def num_live(self) -> int:
        """See `Gated.num_live`: gates to nodes that an output depends on, be they constants."""
        layers = [scores.detach() > self.threshold for scores in self.connections]
        total, heard = int(layers[-1].sum()), layers[-1].any(0)
        for layer in reversed(layers[:-1]):
            used = layer & heard[layer.shape[1] :, None]
            total += int(used.sum())
            heard = heard[: layer.shape[1]] | used.any(0)
        return total

    def whole_genome(self) -> Genome:
        """See `Gated.whole_genome`."""
        gates = [gate.detach().cpu().numpy() for gate in self.weights()[2:]]
        connections, choices = gates[: len(self.connections)], gates[len(self.connections) :]
        num_inputs, num_outputs = connections[0].shape[1] - 1, len(connections[-1])
        fixed = 1 + num_inputs + num_outputs
        # Outputs stand before hidden nodes in a genome, and after them in the layers.
        place = np.r_[0 : 1 + num_inputs, fixed : fixed + sum(HIDDEN), 1 + num_inputs : fixed]
        ends = [np.nonzero(layer) for layer in connections]
        firsts = np.cumsum([1 + num_inputs, *HIDDEN])
        targets = np.concatenate([first + rows for first, (rows, _) in zip(firsts, ends, strict=True)])
        sources = np.concatenate([columns for _, columns in ends])
        codes = np.array([ACTIVATIONS[name].code for name in PALETTE])
        activations = np.r_[np.full(fixed, LINEAR), *(codes[choice.argmax(1)] for choice in choices)]
        enabled = np.ones(len(sources), bool)
        return make_genome(num_inputs, num_outputs, activations, place[sources], place[targets], enabled)

    def at(self, weight: float, noise: Noise | None = None) -> tuple[Tensor, ...]:
        """The network at a shared weight, as `weights`."""
        as_tensor = self.log_scale.new_tensor(weight)
        powers = torch.stack([as_tensor.log() ** power for power in range(len(self.log_scale))])
        return (
            as_tensor,
            (self.log_scale * powers).sum().exp(),
            *(opened(scores - self.threshold, noise) for scores in self.connections),
            *(chosen(scores, noise) for scores in self.activations),
        )

    def _start_scale(self, inputs: Tensor) -> None:
        """Begin with logits of spread 1."""
        with torch.no_grad():
            spread = self.logits(inputs, self.weights()).std(1).mean()
            self.log_scale[0] = -spread.clamp(min=1e-6).log()


def _activated(sums: Tensor, choice: Tensor) -> Tensor:
    """Values [B, N] of nodes from their weighted sums, by their choice [N, K] of the palette."""
    parts = [FUNCTIONS[ACTIVATIONS[name].code](sums) * choice[:, index] for index, name in enumerate(PALETTE)]
    return torch.stack(parts).sum(0)


TRAINER = NoisyGateTrainer(epochs=20, learning_rate=2e-2, patience=20)
BASELINE = Baseline("connections and activations chosen by rounded gates, one constant weight", LayeredGates, TRAINER)
