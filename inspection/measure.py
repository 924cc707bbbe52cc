"""The meaning of a champion's returns, in words: returns of episodes, or accuracy on images or sequences."""

from __future__ import annotations

from dataclasses import dataclass

from envs.sequences import PROBLEMS
from wann.champion import Champion

CLASSIFICATION = "classification"


@dataclass(frozen=True)
class Measure:
    """Words for one kind of return."""

    noun: str  # in headings
    axis: str  # label of the axis of a chart
    unit: str  # behind a number, with a space before it; empty if there is none
    is_accuracy: bool  # on one set of images, so that more episodes would tell no more


RETURN = Measure("Return", "return", "", False)
SEQUENCES = Measure("Accuracy", "accuracy on test sequences (%)", " %", False)
ACCURACY = Measure("Accuracy", "accuracy on the test images (%)", " %", True)


def measure_of(champion: Champion) -> Measure:
    """The measure of a champion's task."""
    if champion.task == CLASSIFICATION:
        return ACCURACY
    return SEQUENCES if champion.task in PROBLEMS else RETURN
