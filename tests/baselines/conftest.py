"""Models in these tests are small: several threads would only wait for each other."""

import sys

import pytest


@pytest.fixture(autouse=True)
def single_thread():
    if "torch" not in sys.modules:
        yield
        return
    from wann.torch.device import one_thread

    with one_thread("cpu"):
        yield
