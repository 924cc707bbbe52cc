import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evolution.ranking import crowding_distance, rank, rank_newest_first, sort_into_fronts

# Few values, so that ties and duplicates are the rule.
OBJECTIVES = st.integers(1, 40).flatmap(lambda n: arrays(np.float64, (n, 2), elements=st.integers(0, 6).map(float)))


def fronts_by_definition(objectives: np.ndarray) -> list[int]:
    """Peel off what nothing left dominates."""
    left, front, level = set(range(len(objectives))), [0] * len(objectives), 0

    def dominates(a: np.ndarray, b: np.ndarray) -> bool:
        return bool((a >= b).all() and (a > b).any())

    while left:
        best = {i for i in left if not any(dominates(objectives[j], objectives[i]) for j in left)}
        for i in best:
            front[i] = level
        left, level = left - best, level + 1
    return front


@settings(max_examples=300, deadline=None)
@given(OBJECTIVES)
def test_fronts_equal_the_definition(objectives):
    assert sort_into_fronts(objectives).tolist() == fronts_by_definition(objectives)


def test_fronts_of_many_random_points_equal_the_definition():
    objectives = np.random.default_rng(0).normal(size=(200, 2))
    assert sort_into_fronts(objectives).tolist() == fronts_by_definition(objectives)


def test_crowding_of_a_hand_computed_front():
    objectives = np.array([[0.0, 10], [1, 8], [4, 2], [10, 0]])
    distance = crowding_distance(objectives, np.zeros(4, int))
    np.testing.assert_allclose(distance, [np.inf, 4 / 10 + 8 / 10, 9 / 10 + 8 / 10, np.inf])


@settings(max_examples=200, deadline=None)
@given(OBJECTIVES, st.sampled_from([0.25, 1.0, 64.0]), st.sampled_from([-32.0, 0.0, 7.0]))
def test_crowding_does_not_change_with_translation_and_scale(objectives, scale, shift):
    front = sort_into_fronts(objectives)
    expected = crowding_distance(objectives, front)
    np.testing.assert_allclose(crowding_distance(objectives * scale + shift, front), expected)
    np.testing.assert_allclose(crowding_distance(objectives * [1, scale] + [shift, 0], front), expected)


def test_an_objective_without_range_separates_nobody():
    objectives = np.array([[1.0, 5.0], [1.0, 5.0], [1.0, 5.0]])
    np.testing.assert_array_equal(crowding_distance(objectives, np.zeros(3, int)), 0)


def test_rank_goes_by_front_then_crowding_then_index():
    objectives = np.array([[1.0, 1], [0, 10], [1, 8], [4, 2], [10, 0], [1, 1]])
    assert rank(objectives).tolist() == [1, 4, 3, 2, 0, 5]


def test_of_equal_genomes_the_newest_may_come_first():
    objectives = np.array([[2.0, 2], [1, 1], [2, 2], [2, 2]])
    assert rank(objectives).tolist() == [0, 2, 3, 1]
    assert rank_newest_first(objectives).tolist() == [3, 2, 0, 1]
    assert rank_newest_first(objectives, np.array([0, 0, 0, 1])).tolist() == [2, 0, 1, 3]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_failed_genomes_rank_last(bad):
    objectives = np.array([[bad, 1.0], [5.0, bad], [0.0, 0.0], [-1e9, -1e9]])
    assert rank(objectives).tolist()[:2] == [2, 3]
    assert set(rank(objectives).tolist()[2:]) == {0, 1}


def test_a_population_of_failures_can_be_ranked():
    assert sorted(rank(np.full((5, 2), np.nan)).tolist()) == [0, 1, 2, 3, 4]


def test_breaking_a_constraint_ranks_behind_everything_that_keeps_it():
    objectives = np.array([[9.0, 9.0], [1.0, 1.0], [5.0, 5.0], [np.nan, 0.0]])
    assert rank(objectives, np.array([2, 0, 1, 0])).tolist() == [1, 3, 2, 0]
