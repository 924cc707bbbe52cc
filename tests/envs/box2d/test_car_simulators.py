"""Racers in lanes against Gymnasium, as far as CI has time; `benchmarks.car_simulators` compares five on 100 tracks.

Both have the same tracks and physics, so returns are compared track by track: a good racer and a beginner drive the
first 70 steps of 40 tracks. Gymnasium's returns are kept, and two of them repeated.
"""

import numpy as np
import pytest

from benchmarks.car_simulators import interval
from benchmarks.gymnasium_returns import RACER_NUMBERS, RACERS, race

pytest.importorskip("Box2D")

GYMNASIUM = np.load(RACERS)  # [racer, episode]


@pytest.mark.parametrize("racer", RACER_NUMBERS)
def test_returns_of_each_racer_agree(racer):
    """To the cent on most tracks, and on average within a twentieth."""
    ours, reference = race(racer, "lanes"), GYMNASIUM[RACER_NUMBERS.index(racer)]
    assert ours.std() > 0
    assert (np.abs(ours - reference) < 0.01).mean() > 0.8
    mean, half = interval(ours - reference)
    assert abs(mean) < max(0.05 * abs(reference.mean()), half)


def test_what_is_kept_is_what_gymnasium_returns():
    np.testing.assert_allclose(race(RACER_NUMBERS[-1], "gymnasium", 2), GYMNASIUM[-1][:2], atol=0.5)
