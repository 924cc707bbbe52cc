"""The meaning of a champion's returns, in words: returns of episodes, or the accuracy of a classifier."""

from __future__ import annotations

from dataclasses import dataclass

from wann.champion import Champion

CLASSIFICATION = "classification"


@dataclass(frozen=True)
class Measure:
    """Words for one kind of return."""

    noun: str  # in headings
    axis: str  # label of the axis of a chart
    unit: str  # behind a number, with a space before it; empty if there is none
    is_accuracy: bool


RETURN = Measure("Return", "return", "", False)
ACCURACY = Measure("Accuracy", "accuracy on the test images (%)", " %", True)


def measure_of(champion: Champion) -> Measure:
    """The measure of a champion's task."""
    return ACCURACY if champion.task == CLASSIFICATION else RETURN
