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

    Args:
        threshold: gates stronger than it are open, at first.

    Attributes:
        swept: shared weights that the network is made for.
        threshold: scalar; `keep` moves it.
        num_at_first: connections before training, about.
    """

    swept: tuple[float, ...] = (1.0,)
    threshold: Tensor
    num_at_first: int

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.register_buffer("threshold", torch.tensor(threshold))

    def drawn(self, generator: torch.Generator, noise: Noise | None) -> tuple[Tensor, ...]:
        """As `weights`, for one batch of training."""
        raise NotImplementedError

    def strengths(self) -> list[Tensor]:
        """By which gates of connections are compared: tensors of scores."""
        raise NotImplementedError

    def num_ungated(self) -> int:
        """Connections that the open gates bring with them."""
        return 0

    @property
    def num_open(self) -> int:
        """Open gates, some of which may lead nowhere."""
        with torch.no_grad():
            return sum(int((part > self.threshold).sum()) for part in self.strengths())

    def keep(self, connections: int) -> None:
        """Close the weakest gates, or open the strongest: the network then has about that many connections."""
        self._keep_gates(connections - self.num_ungated())

    def keep_at_most(self, connections: int) -> None:
        """Close the weakest gates until the network has no more live connections."""
        while self.num_connections > connections and self.num_open > 1:
            self._keep_gates(self.num_open - (self.num_connections - connections))

    def _keep_gates(self, count: int) -> None:
        with torch.no_grad():
            strengths = torch.cat([part.flatten() for part in self.strengths()])
            closed = len(strengths) - min(max(count, 1), len(strengths) - 1)
            self.threshold.copy_(strengths.kthvalue(closed).values)

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
