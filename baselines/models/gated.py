"""The base of models whose topology is trained and whose weights are not: the network that remains is a genome."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.models.gate import Noise
from baselines.models.model import Model
from evolution.mutation.apply import prune
from wann.genome import Genome
from wann.network import compile_genome
from wann.population import Population


class Gated(Model):
    """A candidate graph of which gates keep a part. One weight is shared by all connections.

    Attributes:
        swept: shared weights that the network is made for.
    """

    swept: tuple[float, ...] = (1.0,)

    def drawn(self, generator: torch.Generator, noise: Noise | None) -> tuple[Tensor, ...]:
        """As `weights`, for one batch of training."""
        raise NotImplementedError

    def num_open(self, weights: tuple[Tensor, ...]) -> Tensor:
        """The number of open connections, some of which may lead nowhere; its gradient closes gates."""
        raise NotImplementedError

    def whole_genome(self) -> Genome:
        """All open connections, those that lead nowhere among them."""
        raise NotImplementedError

    def genome(self) -> Genome:
        """See `Model.genome`. Every hidden node leads from an input or the bias to an output."""
        return prune(Population.of([self.whole_genome()]))[0]

    @property
    def num_connections(self) -> int:
        """Live connections."""
        return compile_genome(self.genome()).num_connections
