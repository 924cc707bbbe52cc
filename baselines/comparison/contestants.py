"""The published table for one network of a control task: four ways of setting its weights, on fresh episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from baselines.comparison.cells import Cell, Curve
from baselines.comparison.entrants import Entrant
from baselines.comparison.player import Player
from baselines.comparison.published_figures import SETTINGS, Setting
from baselines.comparison.seed_ledger import SeedLedger
from baselines.comparison.store import Store
from baselines.comparison.weight_tuning import Tuned, TuningPlan, WeightTuning
from evolution.shared_weight import best_shared_weight, weight_grid
from wann.genome import Genome
from wann.network import compile_genome
from wann.randomness import Purpose, keyed_rng
from workers.evaluator import Evaluator

LOW, HIGH = -2.0, 2.0  # of random weights, as published
SAVE_SECONDS = 10.0  # between two states of a tuning
# Told (label, steps done, steps in all, a remark).
Progress = Callable[[str, int, int, str], None]
# (weights [W] or [W, E], index of the cell, episodes) -> values [n] of fresh episodes, and facts for the cell. W is 1,
# or ``episodes``: a setting for each.
Report = Callable[[NDArray[np.float64], int, int], tuple[NDArray[np.float64], Mapping[str, Any]]]


@dataclass(frozen=True)
class Contestant:
    """A network in a comparison."""

    label: str
    kind: str  # "champion" or "fixed"
    file_name: str  # of its tuned network, without suffix; unique
    genome: Genome
    swept: tuple[float, ...]  # shared weights to try first
    own: tuple[float, ...] | None = None  # [E] individual weights that it comes with

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Ways of setting its weights, tuning last."""
        own: tuple[Setting, ...] = ("own",) if self.own is not None else ()
        return ("random_individual", "random_shared", "best_shared", *own, "tuned")


def champion_contestant(entrant: Entrant) -> Contestant:
    """A champion in a comparison."""
    champion, file_name = entrant.champion, f"tuned_{entrant.file_name}"
    own = champion.individual_weights
    return Contestant(entrant.label, "champion", file_name, champion.genome, champion.weights, own)


class Bench:
    """Measures one contestant, cell by cell; finished cells come from the store."""

    def __init__(
        self,
        contestant: Contestant,
        index: int,
        evaluator: Evaluator,
        store: Store,
        ledger: SeedLedger,
        stopped: Callable[[], bool],
        episodes: int,
        selection_episodes: int,
        seed: int,
        report: Report | None = None,
    ) -> None:
        """See the comparison's order; ``index`` is the contestant's in its table, and ``stopped`` `Player`'s.

        ``episodes`` are of a cell, ``selection_episodes`` of the best shared weight's last round. Without a ``report``
        the evaluator plays the episodes of cells too.
        """
        self.contestant = contestant
        self._index, self._episodes, self._selection_episodes, self._seed = index, episodes, selection_episodes, seed
        self._player = Player(evaluator, compile_genome(contestant.genome), seed, ledger, stopped)
        self._store, self._report = store, report or self._player.reported

    def measure(self, setting: Setting) -> Cell:
        """Any cell but that of tuned weights."""
        found = self._store.cell(self._name(setting))
        if found is None:
            found = getattr(self, f"_{setting}")()
            self.keep(found)
        return found

    def waiting(self, setting: Setting) -> Cell:
        """A cell that is still to be measured."""
        return self._cell(setting, np.zeros(0))

    def start(self) -> NDArray[np.float64]:
        """The start of tuning [E]: the network's own weights, or the best shared one; 0 for a fixed network."""
        if self.contestant.own is not None:
            return np.array(self.contestant.own, np.float64)
        weight = self.measure("best_shared").facts["weight"] if self.contestant.kind == "champion" else 0.0
        return np.full(self.contestant.genome.num_enabled, weight, np.float64)

    def tune(
        self, plan: TuningPlan, stopped: Callable[[], bool], progress: Progress, look: Callable[[Cell, Curve], None]
    ) -> tuple[Cell, Curve, NDArray[np.float64] | None]:
        """Tune to the plan's end, or until stopped. The state is saved then, and at intervals.

        Args:
            plan: of the tuning.
            stopped: whether to end after this generation.
            progress: told of every generation.
            look: told now and then of the cell and the curve as they stand.

        Returns:
            The cell, which says how far it came, its curve, and the weights [E]; None instead where the cell is one
            that was kept, or nothing was tuned yet.
        """
        tuning, name = WeightTuning(self.start(), plan, self._seed), self.contestant.file_name
        self._store.restore(name, tuning)
        kept = self._store.cell(self._name("tuned"))
        if kept is not None:
            return kept, self._curve(tuning, plan), None
        saved = -np.inf
        while not (tuning.is_done or stopped()):
            tuning.advance(self._player.play)
            best = tuning.best_score
            note = "" if best is None else f"kept {best:.4g}"
            progress(self.contestant.label, min(tuning.steps, plan.steps), plan.steps, note)
            if monotonic() - saved >= SAVE_SECONDS:
                self._store.save_tuning(name, tuning)
                look(self._tuned_cell(np.zeros(0), tuning.best(), plan), self._curve(tuning, plan))
                saved = monotonic()
        self._store.save_tuning(name, tuning)
        if not len(tuning.history):
            return self.waiting("tuned"), self._curve(tuning, plan), None
        tuned = tuning.best(self._player.play if tuning.is_done else None)
        values, facts = self._reported("tuned", tuned.weights[None])
        cell = self._tuned_cell(values, tuned, plan, **facts)
        return cell, self._curve(tuning, plan), tuned.weights

    def keep(self, cell: Cell) -> None:
        """Store a finished cell, so that it is not measured again. A cell of an unfinished tuning is not stored."""
        if cell.complete:
            self._store.keep(self._name(cast(Setting, cell.setting)), cell)

    # --- settings ---

    def _random_individual(self) -> Cell:
        """Drawn for each connection and each episode."""
        shape = (self._episodes, self.contestant.genome.num_enabled)
        weights = self._rng(0).uniform(LOW, HIGH, shape)
        values, facts = self._reported("random_individual", weights)
        return self._cell("random_individual", values, low=LOW, high=HIGH, **facts)

    def _random_shared(self) -> Cell:
        """Drawn for each episode."""
        values, facts = self._reported("random_shared", self._rng(1).uniform(LOW, HIGH, self._episodes))
        return self._cell("random_shared", values, low=LOW, high=HIGH, **facts)

    def _best_shared(self) -> Cell:
        before, grid = self._player.steps, weight_grid(LOW, HIGH)
        swept = np.array(self.contestant.swept or (1.0,), np.float64)
        network, evaluate = compile_genome(self.contestant.genome), self._player.on_seeds
        weight = best_shared_weight(network, evaluate, swept, grid, self._selection_episodes, self._seed)
        steps = self._player.steps - before
        values, facts = self._reported("best_shared", np.array([weight]))
        return self._cell("best_shared", values, weight=weight, choosing_steps=steps, **facts)

    def _own(self) -> Cell:
        """Those in its file."""
        values, facts = self._reported("own", np.array([self.contestant.own]))
        return self._cell("own", values, **facts)

    def _tuned_cell(self, values: NDArray[np.float64], tuned: Tuned, plan: TuningPlan, **found: Any) -> Cell:
        facts = {
            "tuning_steps": tuned.steps,
            "wanted_steps": plan.steps,
            "selection_return": None if not np.isfinite(tuned.score) else tuned.score,
            "selection_episodes": tuned.episodes,
        }
        return self._cell("tuned", values, tuned.complete, **facts, **found)

    def _curve(self, tuning: WeightTuning, plan: TuningPlan) -> Curve:
        return Curve(self.contestant.label, tuning.history, plan.steps)

    def _reported(self, setting: Setting, weights: NDArray[np.float64]) -> tuple[NDArray, Mapping[str, Any]]:
        cell = len(SETTINGS) * self._index + list(SETTINGS).index(setting)
        return self._report(weights, cell, self._episodes)

    def _rng(self, draw: int) -> np.random.Generator:
        return keyed_rng(self._seed, Purpose.COMPARISON, self._index, draw)

    def _cell(self, setting: Setting, values: NDArray[np.float64], complete: bool = True, **facts: Any) -> Cell:
        return Cell(self.contestant.label, setting, SETTINGS[setting], values, facts=facts, complete=complete)

    def _name(self, setting: Setting) -> str:
        return f"{self.contestant.file_name}.{setting}"
