"""A weight for each connection of one topology, found by CMA-ES (Hansen & Ostermeier 2001), as in the package cmaes.

What is sought are offsets from where the weights start, such as the best shared weight. Some independent runs look
around; then one goes on from the best that they found, where what is left to gain is to fail in one start of a hundred
less. That one draws its episodes in two strata, the starts that go worst and all others, each with its share of the
starts as its weight: rare failures are then in every sample, and the mean has a tenth of the noise. What is kept is
chosen on selection episodes, never on those of the distribution's own generations: first a pool of each run's best, at
last one of the pools, on many more episodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.training.cmaes_state import (
    covariances_of,
    new_search,
    restore,
    set_covariances,
    sigma_of,
    state_of,
)
from wann.linear_algebra import linear_algebra
from wann.randomness import Purpose, episode_seeds, keyed_rng

# (weights [W, E], purpose of the episodes, their seeds [R], the same for all weights) -> returns [W, R], steps
Play = Callable[[NDArray[np.float64], Purpose, NDArray[np.int64]], tuple[NDArray[np.float64], int]]

# Number of connections above which no covariances are kept, because their matrix is decomposed for every candidate.
MOST_COVARIANCES = 300
_POOL_STATE = (
    "_pool_weights",
    "_pool_scores",
    "_pool_runs",
    "_leader",
    "_leader_score",
    "_leader_covariances",
    "_starts",
)
# Sets of selection episodes: of the pool, and of its best.
_POOL, _FINAL = 0, 1
# Sets of tuning episodes among which refining draws count from here, those of single generations from 0.
_STARTS = 2**31


@dataclass(frozen=True)
class TuningPlan:
    """The plan of a tuning: its effort and the division of it."""

    steps: int  # simulated, at least; the choice among the pool comes on top
    population: int = 16  # candidates of a generation
    rollouts: int = 4  # episodes of each, the same for all
    sigma: float = 0.5  # of all offsets at the start
    runs: int = 1  # number of exploring runs
    looking_around: float = 1.0  # their share of the steps
    # Of the candidates by which refining begins: their spread, as a share of what the best run's had become, and the
    # covariances of those.
    refining_sigma: float = 0.3
    refining_population: int = 16
    starts: int = 1024  # among which refining draws its episodes
    hard_starts: int = 48  # starts with the lowest returns, all of which are played
    other_starts: int = 24  # drawn of the others
    sort_every: int = 20  # generations, after which the mean is played on all starts to know which go worst
    check_every: int = 10  # generations, after which the mean and the best candidate are played on selection episodes
    selection_episodes: int = 64
    pool: int = 4  # of each run
    finalists: int = 6  # of all pools
    final_episodes: int = 256  # of each finalist


@dataclass(frozen=True)
class Tuned:
    """The best solution of a tuning so far."""

    weights: NDArray[np.float64]  # [E]
    score: float  # mean return over ``episodes`` selection episodes
    episodes: int
    steps: int  # simulated, selection included
    complete: bool


class WeightTuning:
    """A search that can be saved between any two generations and resumes to the same bytes.

    Attributes:
        steps: simulated so far, selection included.
        history: a row for each generation: run, generation of the run, steps so far, mean return of the best candidate
            and of all, return of what is kept on selection episodes (NaN before the first check).
    """

    def __init__(self, start: NDArray[np.float64], plan: TuningPlan, seed: int) -> None:
        """``start``: weights [E], E >= 1."""
        assert start.ndim == 1 and len(start)
        self._start, self._plan, self._seed = start, plan, seed
        self.steps, self.history = 0, np.zeros((0, 6))
        self._run, self._generation = 0, 0
        self._pool_weights = np.zeros((0, len(start)))  # offsets
        self._pool_scores, self._pool_runs = np.zeros(0), np.zeros(0, np.int64)
        # Where refining begins: the best of all checks on selection episodes.
        self._leader, self._leader_score = np.zeros(len(start)), -np.inf
        self._leader_covariances, self._leader_sigma = np.zeros(0), plan.sigma  # [E, E] or [E], of its search
        self._starts = np.zeros(0, np.int64)  # [starts] seeds, those that go worst first
        self._search = self._new_search(np.zeros(len(start)), plan.sigma)

    @property
    def is_done(self) -> bool:
        return self.steps >= self._plan.steps

    @property
    def best_score(self) -> float | None:
        """The score of the kept solution on selection episodes; None before the first check."""
        return float(self._pool_scores.max()) if len(self._pool_scores) else None

    def advance(self, play: Play) -> None:
        """Run one generation. Starts another run if one has used its share of steps, or has converged."""
        if not len(self._pool_scores):
            self._keep(np.zeros((1, len(self._start))), play)
        offsets = self._ask()
        # Asked after `tell`, it would decompose the covariances, and round them once more than where a saved state
        # goes on.
        at_rest = self._search.should_stop()
        seeds, shares = self._episodes(play)
        returns = self._played(offsets, Purpose.TUNING, seeds, play)
        means = _finite(returns @ shares)
        self._search.tell(list(zip(offsets, (-means).tolist(), strict=True)))
        self._generation += 1
        over = at_rest or self.steps >= self._end_of_run
        if over or self._generation % self._plan.check_every == 0:
            self._keep(np.stack([self._search.mean, offsets[means.argmax()]]), play)
        finite = means[np.isfinite(means)]
        mean = finite.mean() if len(finite) else np.nan
        row = [self._run, self._generation, self.steps, means.max(), mean, self.best_score]
        self.history = np.vstack([self.history, np.array(row, np.float64)])
        if over and not self.is_done:
            self._begin_run()

    def best(self, play: Play | None = None) -> Tuned:
        """The kept solution. With ``play``, it is chosen among the finalists on the last, larger selection set."""
        if not len(self._pool_scores):
            return Tuned(self._start, np.nan, 0, self.steps, False)
        offsets, scores, episodes = self._pool_weights, self._pool_scores, self._plan.selection_episodes
        if play is not None:
            offsets = offsets[np.argsort(-scores, kind="stable")[: self._plan.finalists]]
            episodes = self._plan.final_episodes
            seeds = episode_seeds(self._seed, Purpose.TUNING_SELECTION, _FINAL, episodes)
            scores = _finite(self._played(offsets, Purpose.TUNING_SELECTION, seeds, play).mean(axis=1))
        row = int(scores.argmax())
        weights = self._start + offsets[row]
        return Tuned(weights, float(scores[row]), episodes, self.steps, self.is_done and play is not None)

    # --- runs ---

    @property
    def _is_refining(self) -> bool:
        return self._run >= self._plan.runs

    @property
    def _num_candidates(self) -> int:
        return self._plan.refining_population if self._is_refining else self._plan.population

    @property
    def _end_of_run(self) -> float:
        share = self._plan.looking_around * (self._run + 1) / self._plan.runs if not self._is_refining else 1.0
        return share * self._plan.steps

    def _begin_run(self) -> None:
        self._run, self._generation = self._run + 1, 0
        if self._is_refining:
            first = self._run == self._plan.runs
            begin = self._leader if first else self._pool_weights[self._pool_scores.argmax()]
            self._search = self._new_search(begin, self._plan.refining_sigma * self._leader_sigma)
            set_covariances(self._search, self._leader_covariances)
        else:
            self._search = self._new_search(np.zeros(len(self._start)), self._plan.sigma)

    def _new_search(self, mean: NDArray[np.float64], sigma: float) -> Any:
        return new_search(mean, sigma, self._num_candidates, separable=len(mean) > MOST_COVARIANCES)

    def _ask(self) -> NDArray[np.float64]:
        """[population, E] offsets, from a generator that is this generation's own."""
        rng = keyed_rng(self._seed, Purpose.TUNING, self._run, self._generation)
        self._search.reseed_rng(int(rng.integers(2**32)))
        # It decomposes covariances, which are so small that several threads mostly wait for each other.
        with linear_algebra().limit(limits=1, user_api="blas"):
            return np.stack([self._search.ask() for _ in range(self._num_candidates)])

    def _keep(self, offsets: NDArray[np.float64], play: Play) -> None:
        """Add offsets [n, E] to the pool if they are among the run's best there."""
        seeds = episode_seeds(self._seed, Purpose.TUNING_SELECTION, _POOL, self._plan.selection_episodes)
        means = _finite(self._played(offsets, Purpose.TUNING_SELECTION, seeds, play).mean(axis=1))
        if not self._is_refining and means.max() > self._leader_score:
            self._leader, self._leader_score = offsets[means.argmax()].copy(), float(means.max())
            self._leader_covariances, self._leader_sigma = covariances_of(self._search), sigma_of(self._search)
        weights = np.concatenate([self._pool_weights, offsets])
        scores = np.concatenate([self._pool_scores, means])
        runs = np.concatenate([self._pool_runs, np.full(len(offsets), self._run)])
        order = np.argsort(-scores, kind="stable")
        kept = np.sort(np.concatenate([order[runs[order] == run][: self._plan.pool] for run in range(self._run + 1)]))
        self._pool_weights, self._pool_scores, self._pool_runs = weights[kept], scores[kept], runs[kept]

    def _episodes(self, play: Play) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Seeds [R] of a generation's episodes, and what each counts in the mean [R]."""
        plan = self._plan
        if not self._is_refining:
            seeds = episode_seeds(self._seed, Purpose.TUNING, len(self.history), plan.rollouts)
            return seeds, np.full(plan.rollouts, 1 / plan.rollouts)
        if self._generation % plan.sort_every == 0:
            # New ones each time, to avoid overfitting to episodes that are played repeatedly.
            starts = episode_seeds(self._seed, Purpose.TUNING, _STARTS + len(self.history), plan.starts)
            found = self._played(self._search.mean[None], Purpose.TUNING, starts, play)[0]
            self._starts = starts[np.argsort(np.where(np.isfinite(found), found, -np.inf), kind="stable")]
        hard, others = self._starts[: plan.hard_starts], self._starts[plan.hard_starts :]
        rng = keyed_rng(self._seed, Purpose.TUNING, self._run, self._generation, _STARTS)
        drawn = rng.choice(others, plan.other_starts, replace=False)
        shares = [
            np.full(len(part), size / plan.starts / len(part))
            for part, size in ((hard, len(hard)), (drawn, len(others)))
        ]
        return np.concatenate([hard, drawn]), np.concatenate(shares)

    def _played(
        self, offsets: NDArray[np.float64], purpose: Purpose, seeds: NDArray[np.int64], play: Play
    ) -> NDArray[np.float64]:
        values, steps = play(self._start + offsets, purpose, seeds)
        self.steps += max(steps, values.size)  # an episode that ends before its first step is not free
        return values

    # --- saving ---

    def state(self) -> tuple[dict[str, NDArray], dict[str, Any]]:
        """Arrays and JSON values, as `storage.checkpoint.save` takes them."""
        search, numbers = state_of(self._search)
        pool = {name: np.asarray(getattr(self, name)) for name in _POOL_STATE}
        scalars = {**numbers, "leader_sigma": self._leader_sigma}
        return {**search, **pool, "history": self.history}, {
            "tuning": self._key(),
            "run": self._run,
            "generation": self._generation,
            "steps": self.steps,
            **scalars,
        }

    def restore(self, arrays: Mapping[str, NDArray], metadata: Mapping[str, Any]) -> None:
        """Resume from a `state`.

        Raises:
            ValueError: that of another tuning.
        """
        if metadata.get("tuning") != self._key():
            raise ValueError("expected the state of this tuning, found that of another one")
        self._run, self._generation, self.steps = (int(metadata[key]) for key in ("run", "generation", "steps"))
        self._search = self._new_search(np.zeros(len(self._start)), self._plan.sigma)
        restore(self._search, arrays, metadata)
        for name in _POOL_STATE:
            setattr(self, name, np.array(arrays[name]))
        self._leader_score, self._leader_sigma = float(self._leader_score), float(metadata["leader_sigma"])
        self.history = np.array(arrays["history"])

    def _key(self) -> dict[str, Any]:
        """The values that must be equal for a state to fit."""
        return {**asdict(self._plan), "seed": self._seed, "start": self._start.tolist()}


def _finite(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values, with minus infinity for those that are not finite."""
    return np.where(np.isfinite(means), means, -np.inf)
