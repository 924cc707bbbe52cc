import math

import numpy as np
import pytest

from wann.activations import ACTIVATION_OF_CODE, ACTIVATIONS, PUBLISHED_ACTIVATIONS

# Hand-computed, from the formulas of the paper.
EXPECTED = {
    "linear": {0.5: 0.5, -2.0: -2.0},
    "step": {0.5: 1.0, -0.5: 0.0, 1e-9: 0.0, 0.0: 0.0},
    "sin": {0.5: 1.0, 1.0: 0.0, -0.25: -math.sqrt(0.5)},
    "gaussian": {0.0: 1.0, 2.0: math.exp(-2), -2.0: math.exp(-2)},
    "tanh": {0.0: 0.0, 1.0: math.tanh(1)},
    "sigmoid": {0.0: 0.5, 2.0: 1 / (1 + math.exp(-2))},
    "inverse": {3.0: -3.0},
    "abs": {-3.0: 3.0},
    "relu": {-3.0: 0.0, 3.0: 3.0},
    "cos": {0.0: 1.0, 1.0: -1.0, 0.5: 0.0},
    # Of what they gather: the total over the steps, and the product.
    "accumulate": {0.5: 0.5},
    "product": {-2.0: -2.0},
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_formula(name):
    points = EXPECTED[name]
    found = ACTIVATIONS[name].function(np.array(list(points)))
    np.testing.assert_allclose(found, list(points.values()), atol=1e-12)


def test_codes_are_the_published_ones():
    names = list(EXPECTED)[:10]
    assert [ACTIVATIONS[name].code for name in names] == list(range(1, 11))
    assert [ACTIVATION_OF_CODE[code].name for code in range(1, 11)] == names == list(PUBLISHED_ACTIVATIONS)
    assert len(ACTIVATION_OF_CODE) == len(ACTIVATIONS)


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_periodic_functions_keep_their_period_far_out(name):
    function = ACTIVATIONS[name].function
    x = np.linspace(-1, 1, 9)
    np.testing.assert_allclose(function(x + 2 * 1000), function(x), atol=1e-9)
    np.testing.assert_array_equal(function(np.array([2.0**22, 1e30])), function(np.array([2.0**22, 2.0**22])))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_dtype_is_kept(name):
    assert ACTIVATIONS[name].function(np.ones(3, np.float32)).dtype == np.float32
