"""The scorer: classes and bits, ties, margins, the first error, and outputs that are not finite."""

import numpy as np
import pytest

from envs.sequences import Episodes, scores


def classes(outputs, targets, judged=None):
    """Scores of one sequence of classes at one weight."""
    outputs, targets = np.array(outputs, float)[None, :, None], np.array(targets)[:, None]
    judged = np.ones(targets.shape, bool) if judged is None else np.array(judged, bool)[:, None]
    return scores(outputs, Episodes(np.zeros((*targets.shape, 1), np.float32), targets, judged))


def bits(outputs, targets):
    outputs, targets = np.array(outputs, float)[None, :, None], np.array(targets, np.float32)[:, None]
    judged = np.ones(targets.shape[:2], bool)
    return scores(outputs, Episodes(np.zeros((*judged.shape, 1), np.float32), targets, judged))


@pytest.mark.parametrize(
    ("outputs", "chosen"),
    [
        ([0, 1, 0], 1),
        ([1, 1, 0], 0),
        ([1, 1 + 9e-7, 0], 0),
        ([1, 1 + 2e-6, 0], 1),
        ([0, 0, 0], 0),
        ([-np.inf, 3, np.inf], 2),
        ([np.inf, 0, np.inf], 0),
    ],
)
def test_the_class_is_the_first_of_the_largest_within_the_tie(outputs, chosen):
    assert [classes([outputs], [target]).wrong[0, 0] for target in range(3)] == [int(k != chosen) for k in range(3)]


@pytest.mark.parametrize("outputs", [[np.nan, 0, 0], [5, np.nan, 0], [0, 0, np.nan]])
def test_a_class_beside_nan_is_wrong(outputs):
    found = [classes([outputs], [target]) for target in range(3)]
    assert all(each.wrong[0, 0] == 1 and each.margins[0, 0] == -1 for each in found)


def test_bits_exceed_the_tie():
    found = bits([[1, -1], [2e-6, 9e-7], [np.nan, 1]], [[1, 0], [1, 0], [1, 1]])
    assert found.answers.tolist() == [6] and found.wrong.tolist() == [[1]]
    assert found.before_error.tolist() == [[pytest.approx(2 / 3)]]
    assert (found.wrong_per_sequence, found.exact, found.accuracy) == (1, 0, pytest.approx(5 / 6))


def test_shares_and_steps_before_the_first_error():
    found = classes([[1, 0], [0, 1], [1, 0], [1, 0], [9, 0]], [0, 0, 0, 1, 1], [1, 0, 1, 1, 1])
    assert found.answers.tolist() == [4] and found.wrong.tolist() == [[2]]
    assert found.before_error.tolist() == [[0.5]], "steps that are not judged do not count"
    assert found.accuracy.tolist() == [0.5] and found.exact.tolist() == [0]


def test_margins_are_in_units_of_the_outputs():
    for scale in (1e-3, 1.0, 1e6):
        found = classes(scale * np.array([[0.3, 0], [0, 3]]), [0, 0])
        size = np.sqrt((0.09 + 9) / 4)
        assert found.margins[0, 0] == pytest.approx((0.3 / size - 1) / 2), "the second is clipped"
    assert classes([[0, 0], [0, 0]], [0, 1]).margins.tolist() == [[0]]
    assert bits([[0.5, -0.5]], [[1, 1]]).margins.tolist() == [[0]]


def test_the_graded_score():
    perfect, nothing = classes([[2, -2]] * 4, [0] * 4), classes([[0, 0]] * 4, [1, 0, 1, 0])
    assert perfect.graded.tolist() == [pytest.approx(1.2)]
    assert nothing.graded.tolist() == [pytest.approx(0.5 * 0.5)]


def test_cross_entropy():
    found = classes([[1, 2, 0.5], [800, 0, 0]], [1, 1])
    expected = np.log(np.exp([1, 2, 0.5]).sum()) - 2 + 800
    assert found.cross_entropy[0] == pytest.approx(expected / 2)
    found = bits([[3, -2]], [[1, 1]])
    assert found.cross_entropy[0] == pytest.approx((np.log1p(np.exp(-3)) + np.log1p(np.exp(2))) / 2)


def test_weights_have_scores_of_their_own():
    episodes = Episodes(np.zeros((2, 3, 1), np.float32), np.array([[0, 1, 0], [1, 1, 0]]), np.ones((2, 3), bool))
    right = np.eye(2)[episodes.targets]
    found = scores(np.stack([right, -right, right[:, ::-1]]), episodes)
    assert found.accuracy.tolist() == [1, 0, pytest.approx(4 / 6)] or found.accuracy.shape == (3,)
    assert found.exact.tolist()[:2] == [1, 0] and found.margins[:2].mean(axis=1).tolist() == [1, -1]


def test_outputs_of_another_shape_are_refused():
    episodes = Episodes(np.zeros((2, 3, 1), np.float32), np.zeros((2, 3), int), np.ones((2, 3), bool))
    with pytest.raises(ValueError, match=r"expected outputs of shape \[W, 2, 3, O\], found \[1, 3, 2, 2\]"):
        scores(np.zeros((1, 3, 2, 2)), episodes)
