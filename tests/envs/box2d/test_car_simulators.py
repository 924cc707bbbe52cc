"""Racers in lanes against Gymnasium, as far as CI has time; `benchmarks.car_simulators` compares five on 100 tracks.

Both have the same tracks and physics, so returns are compared track by track: a good racer and a beginner drive the
first 70 steps of 40 tracks. Gymnasium's returns are kept, and two of them repeated.
"""

import numpy as np
import pytest

from benchmarks.car_simulators import interval, report
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


def test_the_table_says_all_that_the_page_shows():
    """Two racers on three tracks; the second differs on all of them."""
    same, other = [100.0, 110.0, 120.0], [50.0, 60.0, 70.0]
    table = report(np.array([[same, [100.001, 110.0, 120.0]], [other, [49.0, 58.0, 67.0]]]))
    assert table.splitlines() == [
        "| racer | lanes | Gymnasium | difference | tracks with equal returns |",
        "|--:|--:|--:|--:|--:|",
        "| 0 | 110.0 ± 8.2 | 110.0 ± 8.2 | -0.0 ± 0.0 | 3 |",
        "| 1 | 60.0 ± 8.2 | 58.0 ± 7.3 | +2.0 ± 2.5 | 0 |",
        "| all | 85.0 | 84.0 | +1.0 ± 1.2 | |",
        "",
        "difference of all: +1.2 % ± 1.5 % of the mean return",
    ]
