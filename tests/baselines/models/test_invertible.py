"""The invertible network: spectral norms against the exact ones, inversion, and figures of a trained one."""

import pytest

torch = pytest.importorskip("torch")

from baselines.models.invertible import NORM, spectral_norm  # noqa: E402 - torch may be missing
from baselines.models.model import Problem  # noqa: E402
from baselines.registry import BASELINES  # noqa: E402
from trained import digits, trained  # noqa: E402
from wann.torch.device import one_thread  # noqa: E402


@pytest.fixture(scope="module")
def model():
    return trained("invertible", digits(), 3)


@pytest.fixture(autouse=True)
def alone():
    with one_thread("cpu"):
        yield


def test_norms_are_below_one_and_those_that_were_larger_are_near_the_limit(model):
    """Power iteration finds a little less than the exact norm, so the limit of 0.9 may be passed by a little."""
    with torch.inference_mode():
        norms = [spectral_norm(matrix) for matrix in model.weights()]
        free = [spectral_norm(matrix) for matrix in model.matrices]
    assert max(norms) < 1 < max(free), "training would pass the limit"
    for norm, before in zip(norms, free, strict=True):
        assert norm == pytest.approx(min(before, NORM), rel=0.02)


def test_a_matrix_below_the_limit_stays_as_it_is():
    model = BASELINES["invertible"].make(Problem(16, 4), torch.Generator().manual_seed(0))
    with torch.no_grad():
        model.matrices[3].mul_(0.1)
        assert torch.equal(model.weights()[3], model.matrices[3])


def test_features_are_inverted(model):
    inputs = digits()["test"].inputs
    with torch.inference_mode():
        weights = model.weights()
        features = model.features(inputs, weights)
        error = (model.inverse(features, weights) - inputs).abs().max().item()
        few = (model.inverse(features, weights, 3) - inputs).abs().max().item()
        moved = (features - inputs).abs().max().item()
    assert error < 1e-5 < few and moved > 0.1
    assert model.figures(inputs) == pytest.approx(
        {"inversion_error": error, "spectral_norm": max(spectral_norm(matrix) for matrix in weights)}
    )


def test_each_block_contracts(model):
    """By less than c * c, the product of its matrices' norms."""
    first, second = digits()["test"].inputs[:50], digits()["test"].inputs[50:100]
    with torch.inference_mode():
        weights = model.weights()
        apart = model._residue(0, first, weights) - model._residue(0, second, weights)
    assert (apart.norm(dim=1) <= 1.01 * NORM**2 * (first - second).norm(dim=1)).all()
