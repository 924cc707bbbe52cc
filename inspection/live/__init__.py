"""Widgets of a report in which the champion is alive: a pole to push, a pad to draw on, rollouts to scrub."""

from __future__ import annotations

import numpy as np

from envs.cartpole.task import CartPoleSwingUp
from envs.images.classification import Classification
from envs.task import Playable, Task
from inspection.live.part import LivePart
from inspection.live.program import program_data
from wann.champion import Champion

__all__ = ["LivePart", "live_part", "program_data"]


def live_part(champion: Champion, task: Task, seed: int, weight: float | None) -> LivePart | None:
    """The widget for a champion; None for a task that has none.

    Args:
        champion: of the task.
        task: as `envs.registry.task_of_champion` gives it.
        seed: of start states and of recorded episodes.
        weight: the shared weight to show first; None for the champion's individual weights.
    """
    from inspection.live.pad import pad_part
    from inspection.live.pole import pole_part

    if weight is not None and not np.isfinite(weight):
        raise ValueError(f"expected a finite weight, found {weight}")
    if isinstance(task, CartPoleSwingUp):
        return pole_part(task, seed)
    if isinstance(task, Classification):
        return pad_part(champion, task, seed)
    if isinstance(task, Playable):
        return _rollouts(champion, task, seed, weight)
    return None


def _rollouts(champion: Champion, task: Playable, seed: int, weight: float | None) -> LivePart | None:
    """None where pictures are needed and cannot be made."""
    from gymnasium.error import Error

    from inspection.live.rollouts import rollouts_part
    from inspection.live.scenes import SCENES

    try:
        return rollouts_part(champion, task, seed, weight)
    except (Error, ImportError):
        if task.name in SCENES:
            raise
        return None
