"""What is said of samples: intervals that cover, tests that agree with SciPy and with counting, corrections by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from baselines.comparison.statistics import bootstrap_interval, compare, holm, summarize


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


@pytest.mark.parametrize(
    ("draw", "mean"),
    [
        (lambda r, shape: r.normal(920, 6, shape), 920.0),
        (lambda r, shape: r.exponential(1.0, shape), 1.0),
        # Returns of a network that fails in one start of five.
        (lambda r, shape: np.where(r.random(shape) < 0.2, r.normal(500, 30, shape), r.normal(920, 6, shape)), 836.0),
    ],
)
def test_intervals_cover_the_mean_at_their_nominal_rate(draw, mean):
    """2,000 simulated cells of 100 episodes; the rate's standard error is half a percent."""
    low, high = bootstrap_interval(draw(rng(1), (2000, 100)), rng(2), resamples=1000)
    assert 0.93 <= ((low <= mean) & (mean <= high)).mean() <= 0.97
    assert (low < high).all()


def test_intervals_of_right_and_wrong_images_cover():
    samples = 100.0 * (rng(3).random((1500, 1000)) < 0.92)
    bounds = [bootstrap_interval(sample, rng(number), resamples=1000) for number, sample in enumerate(samples)]
    assert 0.93 <= np.mean([low <= 92 <= high for low, high in bounds]) <= 0.97


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.integers(0, 9))
def test_a_summary_is_that_of_numpy(values, seed):
    said = summarize(values, rng(seed))
    assert said.n == len(values) and said.failed == 0
    assert said.mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-6)
    assert said.std == pytest.approx(np.std(values, ddof=1) if len(values) > 1 else 0, rel=1e-6, abs=1e-6)
    assert (said.lower_quartile, said.median, said.upper_quartile) == pytest.approx(
        np.quantile(values, [0.25, 0.5, 0.75])
    )
    slack = 1e-6 + 1e-9 * abs(said.mean)
    assert min(values) - slack <= said.low <= said.high <= max(values) + slack
    assert said == summarize(values, rng(seed))


def test_what_is_not_finite_is_counted_and_ranks_last():
    said = summarize([1.0, np.nan, 3.0, np.inf], rng())
    assert (said.n, said.failed, said.mean) == (2, 2, 2.0)
    nothing = summarize([np.nan], rng())
    assert (nothing.n, nothing.failed, nothing.mean, nothing.low) == (0, 1, None, None)
    assert compare([np.nan, np.nan], [-1e300, 5.0]).superiority == 0


small = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=25)


@given(small, small)
def test_the_rank_test_is_scipys_and_its_effect_is_what_counting_gives(one, two):
    found = compare(one, two)
    chance = np.mean([(a > b) + 0.5 * (a == b) for a in one for b in two])
    assert found.superiority == pytest.approx(chance) and found.rank_biserial == pytest.approx(2 * chance - 1)
    if len({*one, *two}) > 1:
        expected = stats.mannwhitneyu(one, two)
        assert (found.u, found.p) == (expected.statistic, expected.pvalue)
    else:
        assert (found.u, found.p) == (len(one) * len(two) / 2, 1)
    other = compare(two, one)
    assert other.p == pytest.approx(found.p) and other.superiority == pytest.approx(1 - chance)


def test_holms_correction_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.001, 0.9, 0.02]) == pytest.approx([1.0, 0.004, 1.0, 0.06])
    assert holm([]) == [] and holm([0.2]) == [0.2]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_lies_between_no_correction_and_bonferronis(values):
    for p, adjusted in zip(values, holm(values), strict=True):
        assert p <= adjusted <= min(1, len(values) * p) + 1e-12
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.array(holm(values))[order]) >= 0).all()
