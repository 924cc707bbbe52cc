"""The page that shows a champion: one self-contained HTML file.

May import `wann`, and of inspections everything but the commands' side (`inspection.inspect`, options, films).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from inspection.report.page import Report as Report
    from inspection.report.page import render_page as render_page

_PLACES = {"Report": "inspection.report.page", "render_page": "inspection.report.page"}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
