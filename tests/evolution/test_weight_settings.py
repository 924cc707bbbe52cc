import numpy as np
import pytest

from configs.schema import EvaluationConfig, SampledWeights
from evolution.weight_settings import selection_weights, weight_range, weights_of
from wann.randomness import Purpose, keyed_rng, stratified_uniform

BOTH = EvaluationConfig(weights=(-2.0, 2.0), sampled_weights=SampledWeights(low=-2, high=2, count=4, least=0.5))


def test_fixed_weights_come_first_and_one_drawn_from_each_part_follows():
    drawn = [weights_of(BOTH, 0, generation) for generation in range(200)]
    for weights in drawn:
        assert weights[:2].tolist() == [-2, 2]
        parts = [(-2, -1.25), (-1.25, -0.5), (0.5, 1.25), (1.25, 2)]
        assert all(low <= weight < high for weight, (low, high) in zip(weights[2:], parts, strict=True))
    assert len({weights[2] for weights in drawn}) == 200
    np.testing.assert_array_equal(weights_of(BOTH, 0, 3), drawn[3])
    assert (weights_of(BOTH, 1, 3) != drawn[3]).any()


def test_champions_are_chosen_at_fixed_weights_and_the_middles_of_parts():
    np.testing.assert_allclose(selection_weights(BOTH), [-2, 2, -1.625, -0.875, 0.875, 1.625])
    assert weight_range(BOTH) == (-2, 2)
    assert selection_weights(EvaluationConfig()).tolist() == [-2, -1, -0.5, 0.5, 1, 2]


@pytest.mark.parametrize(
    ("low", "high", "least", "begin", "end"),
    [(0.0, 4.0, 1.0, 1.0, 4.0), (-4.0, -1.0, 2.0, -4.0, -2.0), (1.0, 3.0, 0.5, 1.0, 3.0), (-1.0, 3.0, 2.0, 2.0, 3.0)],
)
def test_a_range_of_one_side_has_its_gap_at_an_end(low, high, least, begin, end):
    sampled = SampledWeights(low=low, high=high, count=2, least=least)
    middles = selection_weights(EvaluationConfig(sampled_weights=sampled))
    np.testing.assert_allclose(middles, [begin + (end - begin) / 4, end - (end - begin) / 4])


def test_a_range_without_a_gap_is_drawn_as_before_there_were_any():
    sampled = SampledWeights(low=-0.7, high=1.9, count=5)
    before = stratified_uniform(keyed_rng(3, Purpose.WEIGHTS, 8), -0.7, 1.9, 5)
    np.testing.assert_array_equal(weights_of(EvaluationConfig(sampled_weights=sampled), 3, 8), before)
