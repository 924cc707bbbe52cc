"""The published strategy (Gaier & Ha 2019, section 3.2): mean return and complexity, or mean return and best weight."""

from __future__ import annotations

from evolution.strategies.strategy import PopulationStrategy


class Published(PopulationStrategy):
    """Elites are judged by this generation's episodes alone; no genome is started anew."""
