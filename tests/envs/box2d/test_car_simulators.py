"""EnvPool's CarRacing against Gymnasium's, as far as CI has time; `benchmarks.car_simulators` compares 22 racers.

A good racer and a newborn drive 40 episodes of 70 steps on either simulator (Gymnasium's are kept, and two of them
repeated): two-sample Kolmogorov-Smirnov on the returns, at 1 % shared between the two. All seeds are fixed, so the
outcome is too. A racer whose returns are lower by 1.4 of their standard deviation is caught in at least 95 % of
repetitions (the last test).
"""

import numpy as np
import pytest

from benchmarks.agreement import kolmogorov_smirnov
from benchmarks.gymnasium_returns import RACER_EPISODES, RACER_NUMBERS, RACERS, race

for package in ("envpool", "Box2D"):
    pytest.importorskip(package)

LEVEL = 0.01 / len(RACER_NUMBERS)
GYMNASIUM = np.load(RACERS)  # [racer, episode]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("racer", RACER_NUMBERS)
def test_returns_of_each_racer_agree(racer):
    ours, reference = race(racer, "envpool"), GYMNASIUM[RACER_NUMBERS.index(racer)]
    assert ours.std() > 0
    assert kolmogorov_smirnov(ours, reference) > LEVEL, f"means {ours.mean():.1f} and {reference.mean():.1f}"


def test_what_is_kept_is_what_gymnasium_returns():
    """For the racer whose network is too small to steer: no picture's rounding comes into it."""
    np.testing.assert_allclose(race(RACER_NUMBERS[-1], "gymnasium", 2), GYMNASIUM[-1][:2], atol=0.5)


def test_what_this_would_catch():
    rng = np.random.default_rng(0)
    ours, reference = rng.normal(size=(2, 1000, RACER_EPISODES))
    assert (kolmogorov_smirnov(ours, reference) <= LEVEL).mean() <= LEVEL * 5
    assert (kolmogorov_smirnov(ours - 1.4, reference) <= LEVEL).mean() >= 0.95
