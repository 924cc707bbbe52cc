"""Widgets of a report that show a champion at work: a pole to push, a pad to draw on, sequences, recorded episodes.

May import `wann`, `envs`, `configs` and the drawing of inspections.
"""

from __future__ import annotations

import numpy as np

from envs.cartpole.task import CartPoleSwingUp
from envs.images.classification import Classification
from envs.playing import CannotDraw
from envs.sequences.task import SequenceTask
from envs.task import Playable, Task
from inspection.live.network_data import program_data
from inspection.live.part import LivePart
from wann.champion import Champion

__all__ = ["LivePart", "live_part", "program_data"]


def live_part(champion: Champion, task: Task, seed: int, weight: float | None) -> LivePart | None:
    """The widget for a champion; None for a classification of pictures that cannot be drawn by hand.

    Args:
        champion: of the task.
        task: as `envs.registry.task_of_champion` gives it.
        seed: of start states and of recorded episodes.
        weight: the shared weight to show first; None for the champion's individual weights.

    Raises:
        CannotDraw: a task without a widget and without pictures.
    """
    from inspection.live.pad import pad_part
    from inspection.live.pole import pole_part
    from inspection.live.rollouts import rollouts_part
    from inspection.live.sequence import sequence_part

    if weight is not None and not np.isfinite(weight):
        raise ValueError(f"expected a finite weight, found {weight}")
    if isinstance(task, CartPoleSwingUp):
        return pole_part(task, seed)
    if isinstance(task, Classification):
        return pad_part(champion, task, seed)
    if isinstance(task, SequenceTask):
        return sequence_part(champion, task, seed)
    if isinstance(task, Playable):
        return rollouts_part(champion, task, seed, weight)
    raise CannotDraw(f"the task {task.name!r} has no environment that could be shown")
