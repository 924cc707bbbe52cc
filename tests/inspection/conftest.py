"""Fixtures of this folder, and which of its tests are slow."""

from pathlib import Path

import pytest
from browser import chromium, page

__all__ = ["chromium", "page"]

# The one test in a real browser that belongs to the fast set: it opens a report, reads its curve and moves its widget.
FAST_IN_A_BROWSER = "test_the_slider_reads_the_curve_and_moves_the_widget"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in a browser are slow, but for one."""
    for item in items:
        in_browser = "page" in getattr(item, "fixturenames", ())
        if in_browser and item.name != FAST_IN_A_BROWSER and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
