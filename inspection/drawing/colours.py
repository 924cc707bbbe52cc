"""Font and colours that diagrams and charts share."""

from __future__ import annotations

FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
INK, MUTED, PAPER, FAINT = "#1c2733", "#5b6774", "#ffffff", "#d5dbe1"
POSITIVE, NEGATIVE = "#0072b2", "#d55e00"
