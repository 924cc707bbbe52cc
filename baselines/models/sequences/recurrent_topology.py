"""The topology of a champion with memory, with a trained weight for each connection, by gradients through time.

The steps are those of `wann.torch.sequences`. The activation "step" has no gradient: what only steps see keeps its
weight, and so does what lies before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.models.sequences.sequence_model import SequenceModel, SequenceShape
from baselines.training.on_sequences import SequenceTrainer
from wann.network import Network, Networks
from wann.torch.sequences import StateProgram


@dataclass(frozen=True)
class TopologySettings:
    """The champion whose topology is trained."""

    sha256: str  # of its file


class RecurrentTopology(SequenceModel):
    """E + 1 parameters: a weight for each live connection, and a factor of all outputs, which changes no answer.

    Args:
        shape: of the problem.
        network: the champion's.
        start: weights [E'] of the genome's enabled connections.
        example: inputs [T, B, I], on which the outputs have a spread of 1 at the start.
    """

    def __init__(self, shape: SequenceShape, network: Network, start: NDArray, example: Tensor) -> None:
        super().__init__(shape)
        self._network = network
        self._program = StateProgram(Networks.of([network]), individual=True)
        self.connections = nn.Parameter(torch.from_numpy(start[network.connection_ids]).to(torch.float32))
        self.log_scale = nn.Parameter(torch.zeros(()))
        with torch.no_grad():
            self.log_scale.fill_(-self.states(example).std().clamp(1e-3, 1e3).log())

    def states(self, inputs: Tensor) -> Tensor:
        return self._program.episode(self.connections[:, None], inputs)[0, 0]

    def read(self, states: Tensor) -> Tensor:
        return states * self.log_scale.exp()

    def memory(self, steps: int) -> int:
        return self._network.num_state

    def individual_weights(self, start: NDArray) -> NDArray:
        """The weights [E'] of all enabled connections; those that no output depends on have their start."""
        weights = start.copy()
        weights[self._network.connection_ids] = self.connections.detach().numpy()
        return weights


TRAINER = SequenceTrainer(learning_rate=5e-3)
