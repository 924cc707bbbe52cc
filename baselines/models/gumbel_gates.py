"""The gates of `baselines.models.gates`, trained with Gumbel noise that fades (Jang et al. 2016, arXiv 1611.01144)."""

from __future__ import annotations

from dataclasses import replace

from baselines.baseline import Baseline
from baselines.models.gates import TRAINER, LayeredGates

BASELINE = Baseline("the same, drawn with Gumbel noise", LayeredGates, replace(TRAINER, noise=1.0))
