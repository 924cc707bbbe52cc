"""The search that a config names."""

from __future__ import annotations

from configs.schema import Config
from evolution.gradient.search import GradientSearch
from evolution.mutation.safe import Behaviour
from evolution.search import Search
from evolution.strategies import STRATEGIES
from wann.genome import Genome

GRADIENT_INFORMED = "gradient_informed"
STRATEGY_NAMES = (*STRATEGIES, GRADIENT_INFORMED)
AnySearch = Search | GradientSearch


def make_search(
    config: Config, num_inputs: int, num_outputs: int, initial: list[Genome], behaviour: Behaviour | None
) -> AnySearch:
    """See `evolution.search.Search` for the arguments."""
    parts = config.search, config.evaluation, config.seed, num_inputs, num_outputs, initial
    if config.search.strategy == GRADIENT_INFORMED:
        return GradientSearch(*parts)
    return Search(*parts, behaviour)
