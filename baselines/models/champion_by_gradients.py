"""The topology of a champion, its weights trained by gradients."""

from __future__ import annotations

from baselines.baseline import Baseline
from baselines.models.topology import Topology
from baselines.training.by_gradients import GradientTrainer

BASELINE = Baseline(
    "a champion's topology with trained weights",
    Topology,
    GradientTrainer(epochs=15, learning_rate=5e-3),
    takes_champion=True,
)
