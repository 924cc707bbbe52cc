"""EnvPool's CarRacing against Gymnasium's, as far as CI has time; `benchmarks.car_simulators` compares 22 racers.

Four racers, from a good one to a newborn, drive 40 episodes of 70 steps on either simulator: two-sample
Kolmogorov-Smirnov on the returns, at 1 % shared among the four. All seeds are fixed, so the outcome is too. A racer
whose returns are lower by 1.4 of their standard deviation is caught in at least 95 % of repetitions (the last test).
"""

import numpy as np
import pytest

from benchmarks.agreement import kolmogorov_smirnov
from benchmarks.car_simulators import SIMULATORS, drive

for package in ("envpool", "Box2D"):
    pytest.importorskip(package)

RACERS = (0, 17)
EPISODES = 40
LEVEL = 0.01 / len(RACERS)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("racer", RACERS)
def test_returns_of_each_racer_agree(racer):
    ours, reference = (drive(racer, simulator, EPISODES, max_steps=70) for simulator in SIMULATORS)
    assert ours.std() > 0
    assert kolmogorov_smirnov(ours, reference) > LEVEL, f"means {ours.mean():.1f} and {reference.mean():.1f}"


def test_what_this_would_catch():
    rng = np.random.default_rng(0)
    ours, reference = rng.normal(size=(2, 1000, EPISODES))
    assert (kolmogorov_smirnov(ours, reference) <= LEVEL).mean() <= LEVEL * 5
    assert (kolmogorov_smirnov(ours - 1.4, reference) <= LEVEL).mean() >= 0.95
