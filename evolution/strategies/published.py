"""The published strategy (Gaier & Ha 2019, section 3.2): mean return and complexity, or mean return and best weight."""

from __future__ import annotations

from evolution.strategies.strategy import PopulationStrategy


class Published(PopulationStrategy):
    """Elites are scored on this generation's episodes only, and there are no newborns."""
