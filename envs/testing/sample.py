"""A task with random networks to check it with, and assertions whose messages give the expectation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.task import Returns, Task
from envs.testing.networks import SMOOTH, random_networks, random_population
from wann.network import Networks
from wann.population import Population

SHARED = np.array([-1.3, 0.5, 1.7])
SEEDS = np.array([3, 11])


@dataclass(frozen=True)
class Sample:
    """A task and the arguments to check it with: P = 7 networks, W = 3 shared weights, R = 2 seeds.

    Attributes:
        task: the task under test.
        tolerance: relative and absolute, between `evaluate` and `evaluate_oracle`.
        oracle: compare the two; false if they run different simulators.
        seed: of the random networks.
    """

    task: Task
    tolerance: float = 2e-3
    oracle: bool = True
    seed: int = 0

    @cached_property
    def networks(self) -> Networks:
        """Seven networks with any activations."""
        return random_networks(self.task.num_inputs, self.task.num_outputs, 7, self.rng(0))

    @cached_property
    def smooth(self) -> Population:
        """Five small genomes without step activations, whose jumps would make float32 differ from float64."""
        inputs, outputs = self.task.num_inputs, self.task.num_outputs
        return random_population(inputs, outputs, 5, self.rng(1), max_hidden=4, activations=SMOOTH)

    @cached_property
    def returns(self) -> Returns:
        """The returns of `networks`."""
        return self.task.evaluate(self.networks, SHARED, SEEDS)

    def rng(self, key: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, key))


def expect(condition: bool, sentence: str) -> None:
    """Assert a condition, also under ``python -O``.

    Raises:
        AssertionError: with that sentence.
    """
    if not condition:
        raise AssertionError(sentence)


def expect_same(task: Task, where: str, found: Returns, expected: Returns) -> None:
    """Assert that returns are equal to the last bit."""
    for name in ("values", "steps", "falls"):
        one, other = getattr(found, name), getattr(expected, name)
        same = (one is None) == (other is None) and (
            one is None or np.array_equal(one, other, equal_nan=name == "values")
        )
        if not same:
            raise AssertionError(f"{task.name}: expected equal {name} {where}, found {_difference(one, other)}")


def expect_close(sample: Sample, said: str, found: NDArray, other: str, expected: NDArray) -> None:
    """Assert that arrays are equal within the sample's tolerance."""
    close = np.isclose(found, expected, rtol=sample.tolerance, atol=sample.tolerance, equal_nan=True)
    if not close.all():
        row = tuple(np.argwhere(~close)[0].tolist())
        raise AssertionError(
            f"{sample.task.name}: expected {said} to give what {other} gives (tolerance {sample.tolerance:g}), "
            f"found {found[row]} and {expected[row]} at {list(row)}"
        )


def expect_refused(task: Task, said: str, call: Callable[[], object]) -> None:
    """Assert that a call raises a ValueError and nothing else."""
    try:
        call()
    except ValueError:
        return
    except Exception as error:
        raise AssertionError(f"{task.name}: expected a ValueError for {said}, found {error!r}") from error
    raise AssertionError(f"{task.name}: expected a ValueError for {said}, found returns")


def part(returns: Returns, index: Any) -> Returns:
    """The returns at an index."""
    falls = None if returns.falls is None else returns.falls[index]
    return Returns(returns.values[index], returns.steps[index], falls)


def _difference(found: Any, expected: Any) -> str:
    if found is None or expected is None or np.shape(found) != np.shape(expected):
        shapes = ["none" if array is None else list(np.shape(array)) for array in (found, expected)]
        return f"{shapes[0]} instead of {shapes[1]}"
    row = tuple(np.argwhere(np.asarray(found) != np.asarray(expected))[0].tolist())
    return f"{found[row]} instead of {expected[row]} at {list(row)}"
