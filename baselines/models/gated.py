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
        threshold: the start value of ``threshold``.

    Attributes:
        swept: shared weights that the network is made for.
        threshold: scalar; gates stronger than it are open. `keep` moves it.
        num_at_first: live connections before training, from which a limit comes down.
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

    def num_live(self) -> int:
        """Live connections, without making the genome: `num_connections` in a hundredth of the time."""
        raise NotImplementedError

    def num_open(self) -> int:
        """Open gates, some of which may lead nowhere."""
        with torch.no_grad():
            return sum(int((part > self.threshold).sum()) for part in self.strengths())

    def keep(self, connections: int) -> None:
        """Open or close gates by their strengths: half as many as live connections are missing or too many.

        In a few calls their number is near ``connections``. With one gate many may die, so whole steps would overshoot.
        """
        missing = connections - self.num_live()
        self._open(self.num_open() + (missing // 2 if missing < 0 else -(-missing // 2)))

    def keep_at_most(self, connections: int) -> None:
        """Open as many of the strongest gates as can be with no more live connections."""
        few, many = 1, sum(part.numel() for part in self.strengths()) - 1
        while few < many:
            middle = (few + many + 1) // 2
            self._open(middle)
            few, many = (middle, many) if self.num_live() <= connections else (few, middle - 1)
        self._open(few)

    def _open(self, count: int) -> None:
        """Put the threshold below the ``count`` strongest gates, at least one and not all."""
        with torch.no_grad():
            strengths = torch.cat([part.flatten() for part in self.strengths()])
            closed = len(strengths) - min(max(count, 1), len(strengths) - 1)
            self.threshold.copy_(strengths.kthvalue(closed).values)

    def whole_genome(self) -> Genome:
        """All open connections, those that lead nowhere among them."""
        raise NotImplementedError

    def genome(self) -> Genome:
        """See `Model.genome`. An output depends on every hidden node."""
        return prune(Population.of([self.whole_genome()]))[0]

    @property
    def num_connections(self) -> int:
        """Live connections."""
        return compile_genome(self.genome()).num_connections
