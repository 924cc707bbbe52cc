"""The confirmed returns of a champion file, by name. Only this module reads the keys of ``Champion.returns``.

`evolution.confirmation.confirm`, and tasks with an ensemble (`envs.task.HasEnsemble`) or a judgement
(`envs.task.HasJudging`), write them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiment.judged import JudgedTable, judged_table

# ``mean``, ``std``, ``median`` and ``min`` of returns, None if no episode had one; the `SHARES` that occur; and
# ``weight`` in a record of one weight.
Record = Mapping[str, Any]
SHARES = ("falls", "failed")  # shares of episodes that ended in failure, or without a return

# Figures of all swept weights together, of tasks with an ensemble, in words.
ENSEMBLE = {"vote": "vote of all weights", "mean_softmax": "their mean softmax"}


@dataclass(frozen=True)
class ConfirmedReturns:
    """Returns of a champion on episodes, or images, that were not used for any choice."""

    episodes: int
    per_weight: Sequence[Record]  # [W], one for each swept shared weight
    random_individual: Record  # a weight for each connection, drawn for each episode; also ``low`` and ``high``
    random_shared: Record  # one weight for all connections, drawn for each episode; also ``low`` and ``high``
    best_shared: Record
    ensemble: Mapping[str, float]  # by name, in words; empty for tasks without an ensemble
    per_class: Mapping[str, Mapping[str, Any]]  # accuracy of each class; empty for tasks without classes
    judged: JudgedTable | None  # None for tasks without a judgement

    @classmethod
    def of(cls, returns: Mapping[str, Any]) -> ConfirmedReturns:
        """The confirmed returns in a champion's ``returns``."""
        return cls(
            returns["episodes"],
            returns["per_weight"],
            returns["random_individual_weights"],
            returns["random_shared_weight"],
            returns["best_shared_weight"],
            {words: returns[key] for key, words in ENSEMBLE.items() if key in returns},
            returns.get("per_class", {}),
            judged_table(returns),
        )

    @property
    def unit(self) -> str:
        """The unit of the figures, in words."""
        if self.ensemble:
            return "accuracy (%) on the test images, in float64"
        if self.judged is not None:
            return f"accuracy (%) on {self.episodes} fresh sequences each, in float64"
        return f"returns of {self.episodes} fresh episodes each, in float64"
