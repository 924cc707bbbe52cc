import numpy as np
import pytest

from evolution.records import Records

RETURNS = np.random.default_rng(0).normal(100, 20, (5, 3, 8))


def test_means_are_those_of_all_rollouts():
    gathered = Records.of(RETURNS[:, :, :3]) + Records.of(RETURNS[:, :, 3:])
    np.testing.assert_allclose(gathered.mean, RETURNS.mean(axis=(1, 2)))
    np.testing.assert_allclose(gathered.weight_means, RETURNS.mean(axis=2))
    np.testing.assert_array_equal(gathered.num_rollouts, 8)


@pytest.mark.parametrize("prior", [4, 64])
def test_standard_errors_are_shrunk_towards_those_of_all(prior):
    rollouts = RETURNS.mean(axis=1)
    pooled = rollouts.var(axis=1, ddof=1).mean()
    expected = (rollouts.var(axis=1, ddof=1) * 7 + prior * pooled) / (7 + prior)
    np.testing.assert_allclose(Records.of(RETURNS).standard_error(prior), np.sqrt(expected / 8), rtol=1e-9)


def test_one_rollout_has_the_variance_of_the_others():
    records = Records.of(RETURNS[:2]).extended(1).added(np.array([2]), Records.of(np.full((1, 3, 1), 70.0)))
    pooled = RETURNS[:2].mean(axis=1).var(axis=1, ddof=1).mean()
    np.testing.assert_allclose(records.standard_error(4)[2], np.sqrt(pooled))


def test_nothing_is_known_from_single_rollouts():
    np.testing.assert_array_equal(Records.of(RETURNS[:, :, :1]).standard_error(4), 0)


def test_failures_stay_failures_and_harm_no_other():
    returns = RETURNS.copy()
    returns[1, 0, 0] = np.nan
    errors = Records.of(returns).standard_error(4)
    assert np.isnan(errors[1]) and np.isfinite(np.delete(errors, 1)).all()
    assert np.isnan(Records.of(returns).mean[1])


def test_rows_are_added_to_and_the_rest_stays():
    records = Records.of(RETURNS)
    more = records.added(np.array([1, 4]), Records.of(RETURNS[[0, 0], :, :2]))
    np.testing.assert_array_equal(more.num_rollouts, [8, 10, 8, 8, 10])
    np.testing.assert_array_equal(records.num_rollouts, 8)
    np.testing.assert_array_equal(more.weight_sums[[0, 2, 3]], records.weight_sums[[0, 2, 3]])
