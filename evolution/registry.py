"""The registry of strategies, by their names in ``search.strategy``, and the making of a search from a config."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from configs.schema import Config
from evolution.gradient.search import GradientSearch
from evolution.protocol import AskTell, Behaviour, Setting, Strategy
from evolution.search import Search
from evolution.strategies.age_fitness import AgeFitness
from evolution.strategies.lower_bound import LowerBound
from evolution.strategies.published import Published
from evolution.strategies.strategy import PopulationStrategy
from wann.errors import UserError, did_you_mean
from wann.genome import Genome


def with_population(strategy: type[PopulationStrategy]) -> Strategy:
    """The registry entry of a strategy that scores a population."""
    return Strategy(partial(Search, strategy))


STRATEGIES: dict[str, Strategy] = {
    "published": with_population(Published),
    "age_fitness": with_population(AgeFitness),
    "lower_bound": with_population(LowerBound),
    "gradient_informed": Strategy(GradientSearch, needs_gradients=True, has_population=False),
}


def strategy_of(name: str) -> Strategy:
    """The strategy of that name.

    Raises:
        UserError: there is no such strategy.
    """
    if name not in STRATEGIES:
        found = f"{name!r}{did_you_mean(name, STRATEGIES)}"
        raise UserError(key="search.strategy", expected="a strategy", found=found)
    return STRATEGIES[name]


def make_search(
    config: Config,
    num_inputs: int,
    num_outputs: int,
    initial: Sequence[Genome] = (),
    behaviour: Behaviour | None = None,
    groups: NDArray[np.int64] | None = None,
) -> AskTell:
    """A search by the strategy that the config names, at its first generation.

    Args:
        config: plain; only its ``search``, ``evaluation`` and ``seed`` are used.
        num_inputs: I.
        num_outputs: O.
        initial: genomes to start from; minimal ones if empty.
        behaviour: observations and actions of networks, needed if the config asks for safe mutations.
        groups: [1 + I + O] groups of inputs and outputs that connections are repeated along; None for none.

    Raises:
        UserError: there is no such strategy.
        ValueError: initial genomes have another shape, or safe mutations lack a behaviour.
    """
    start = strategy_of(config.search.strategy).start
    shape = num_inputs, num_outputs
    return start(Setting(config.search, config.evaluation, config.seed, *shape, tuple(initial), behaviour, groups))
