"""The page that shows a champion: one HTML file that needs nothing else."""

from inspection.report.page import Report, render_page

__all__ = ["Report", "render_page"]
