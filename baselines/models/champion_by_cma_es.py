"""The topology of a champion, its weights found by CMA-ES."""

from __future__ import annotations

from baselines.baseline import Baseline
from baselines.models.topology import Topology
from baselines.training.by_cma_es import CmaEsTrainer

BASELINE = Baseline(
    "a champion's topology with weights found by CMA-ES",
    Topology,
    CmaEsTrainer(epochs=50, patience=20),
    takes_champion=True,
)
