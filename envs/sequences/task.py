"""The task of weight-agnostic networks over a sequence problem: lane kernels in float32, and the oracle in float64.

A concrete task is a class that inherits `SequenceTask` and a problem, so that the options of both are one list; see
`envs.sequences.tasks`. A seed draws a batch of sequences.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.sequences.episodes import Episodes
from envs.sequences.judging import judge
from envs.sequences.problem import PARTS, Problem
from envs.sequences.scoring import graded
from envs.sequences.tallies import oracle_tallies, tallies
from envs.sequences.tiling import Tiles, tiles_of
from envs.task import Returns, Seeds, Weights, check_networks, lane_grid, weight_table, weights_of_one
from wann.errors import UserError
from wann.network import Network, Networks

_LENGTHS = ("training", "judging", "every")
# Upper limit of a batch, so that a typing error does not exhaust the memory.
_MOST_SEQUENCES = 100_000
_SCORES = ("graded", "accuracy", "exact")


@dataclass(frozen=True)
class SequenceTask(Problem):
    """A problem as a task; see `envs.task.Task`. Every network starts every sequence with a state of 0.

    Options, beside those of the problem:
        batch: number of sequences that a seed draws.
        split: the part of the problem that they are drawn from.
        lengths: of a batch: one drawn as in training, one of the judging lengths, or every training length in equal
            numbers.
        champion_lengths: lengths of the validation sequences that the champion is chosen on.
        score: the meaning of a return: "graded" rises in small steps, up to 1.2 (`envs.sequences.scoring.graded`);
            "accuracy" is the share of answers that are right, and "exact" that of sequences without an error
            (percent).
    """

    batch: int = 64
    split: Literal["train", "validation", "test"] = "train"
    lengths: Literal["training", "judging", "every"] = "training"
    champion_lengths: Literal["training", "judging"] = "training"
    score: Literal["graded", "accuracy", "exact"] = "graded"

    simulated_by: ClassVar[str] = "lane kernels, float32"
    keeps_state: ClassVar[bool] = True
    safe_at_home: ClassVar[bool] = True  # plain arithmetic that cannot hang or end a process

    def __post_init__(self) -> None:
        if not 1 <= self.batch <= _MOST_SEQUENCES:
            expected = f"1 to {_MOST_SEQUENCES:,} sequences"
            raise UserError(key="task.batch", expected=expected, found=f"{self.batch:,}")
        choices = (("split", PARTS), ("lengths", _LENGTHS), ("champion_lengths", _LENGTHS[:2]), ("score", _SCORES))
        for option, allowed in choices:
            found = getattr(self, option)
            if found not in allowed:
                raise UserError(key=f"task.{option}", expected=f"one of {', '.join(allowed)}", found=repr(found))
        super().__post_init__()
        if self.lengths == "every" and self.batch < len(self.training_lengths):
            expected = f"at least one sequence of each of the {len(self.training_lengths)} training lengths"
            raise UserError(key="task.batch", expected=expected, found=str(self.batch))

    @property
    def reported(self) -> Self:
        """The accuracy on single sequences of the validation part."""
        return replace(self, batch=1, split="validation", lengths=self.champion_lengths, score="accuracy")

    @property
    def untouched(self) -> Self:
        """The accuracy on single sequences of the test part, each of a judging length."""
        return replace(self.reported, split="test", lengths="judging")

    def describe_actions(self) -> dict[str, Any]:
        """See `envs.task.DescribesActions`."""
        if self.answers == "bits":
            return {"kind": "bits", "rule": "a bit is 1 if its output exceeds 1e-6"}
        rule = "the class is that of the largest output, the first of those equal within 1e-6"
        return {"kind": "argmax", "rule": rule}

    def judge(self, network: Network, weights: NDArray[np.float64]) -> dict[str, Any]:
        """Figures at all judging lengths, for champion files; see `envs.sequences.judging.judge`."""
        check_networks(self, network)
        return judge(self, network, weights)

    def episodes_of(self, seed: int) -> Episodes:
        """The sequences that a seed draws."""
        if self.lengths == "every":
            return self._episodes_of_every_length(seed)
        judging = self.judging_lengths
        length = judging[seed % len(judging)] if self.lengths == "judging" else None
        return self.draw(self.split, seed, self.batch, length)

    def _episodes_of_every_length(self, seed: int) -> Episodes:
        lengths = self.training_lengths
        counts = [len(range(index, self.batch, len(lengths))) for index in range(len(lengths))]
        first = seed * len(lengths)  # No two lengths share a stream of random numbers.
        draws = enumerate(zip(counts, lengths, strict=True), start=first)
        return Episodes.joined([self.draw(self.split, own, count, length) for own, (count, length) in draws])

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Run every network at every weight on every seed's sequences; see `envs.task.Task.evaluate`."""
        check_networks(self, networks)
        grid = lane_grid(weights, seeds)[1]
        table, individual = weight_table(networks, weights)
        drawn = self._drawn(grid)
        found = tallies(networks, table, individual, drawn.episodes, drawn.tiles)
        right, before_error, margins = np.moveaxis(found.reshape(len(networks), 3, *drawn.shape), 1, 0)
        return self._returns(drawn, right, before_error, margins)

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """Run one network in float64; see `envs.task.Task.evaluate_oracle`."""
        check_networks(self, network)
        weights = np.asarray(weights, np.float64)
        drawn = self._drawn(lane_grid(weights_of_one(weights), seeds)[1])
        found = oracle_tallies(network, weights, drawn.episodes, drawn.sequences)
        right, before_error, margins = found.reshape(3, 1, *drawn.shape)
        return self._returns(drawn, right, before_error, margins)

    def _drawn(self, grid: NDArray[np.int64]) -> _Drawn:
        return _drawn(self, grid.shape, np.ascontiguousarray(grid).tobytes())

    def _returns(self, drawn: _Drawn, right: NDArray, before_error: NDArray, margins: NDArray) -> Returns:
        """Returns of sums over the steps of each lane, [P, W, R, B]."""
        answers = drawn.of_lanes(drawn.episodes.num_answers)
        judged = drawn.of_lanes(drawn.episodes.judged.sum(axis=0))
        accuracy = right.astype(np.float64).sum(axis=-1) / answers.sum(axis=-1)
        if self.score == "accuracy":
            values = 100 * accuracy
        elif self.score == "exact":
            values = 100 * (right == answers).mean(axis=-1)
        else:
            shares = ((margins / answers).mean(axis=-1), (before_error / judged).mean(axis=-1))
            values = graded(accuracy, *shares)
        steps = drawn.of_lanes(drawn.episodes.lengths).sum(axis=-1)
        return Returns(values, np.broadcast_to(steps, values.shape).copy())


@dataclass(frozen=True, eq=False)
class _Drawn:
    """The sequences of seeds [W, R], B for each."""

    episodes: Episodes  # of all different seeds
    sequences: NDArray[np.int64]  # [W, R * B] indices of the sequences of each weight
    shape: tuple[int, int, int]  # (W, R, B)

    @cached_property
    def tiles(self) -> Tiles:
        return tiles_of(self.episodes, self.sequences)

    def of_lanes(self, values: NDArray) -> NDArray:
        """[W, R, B] of values of the sequences."""
        return values[self.sequences].reshape(self.shape)


@lru_cache(maxsize=4)
def _drawn(task: SequenceTask, shape: tuple[int, int], grid: bytes) -> _Drawn:
    """The sequences of seeds [W, R]. The last are cached, for the chunks of a population that see the same."""
    seeds, indices = np.unique(np.frombuffer(grid, np.int64), return_inverse=True)
    episodes = Episodes.joined([task.episodes_of(seed) for seed in seeds.tolist()])
    sequences = indices.reshape(shape)[:, :, None] * task.batch + np.arange(task.batch)
    return _Drawn(episodes, sequences.reshape(shape[0], -1), (*shape, task.batch))
