"""The gates of `baselines.models.gates`, trained at a shared weight that each batch draws."""

from __future__ import annotations

from functools import partial

from baselines.baseline import Baseline
from baselines.models.gates import TRAINER, LayeredGates

LOW, HIGH = 0.25, 3.0


class GatesAnyWeight(LayeredGates):
    """Scored at 1 while it is trained."""

    swept = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)


BASELINE = Baseline("the same, at a weight drawn for each batch", partial(GatesAnyWeight, low=LOW, high=HIGH), TRAINER)
