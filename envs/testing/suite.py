"""The suite: all checks, and the function that runs them."""

from __future__ import annotations

from collections.abc import Callable

from envs.task import Task
from envs.testing import contract
from envs.testing.protocols import check_protocols
from envs.testing.sample import Sample
from envs.testing.state import check_groups, check_state

CHECKS: tuple[Callable[[Sample], None], ...] = (
    contract.check_names,
    contract.check_options,
    contract.check_returns,
    contract.check_equal_bytes,
    contract.check_company,
    contract.check_seeds_of_weights,
    contract.check_individual_weights,
    contract.check_oracle,
    contract.check_arguments,
    contract.check_refusals,
    contract.check_reported,
    contract.check_pickle,
    check_state,
    check_groups,
    check_protocols,
)


def check_task(task: Task, *, tolerance: float = 2e-3, oracle: bool = True, seed: int = 0) -> None:
    """Check a task against the contract in `envs.task`.

    It runs some hundred short episodes. Give the task few steps or a small batch if its options allow that.

    Args:
        task: with any options.
        tolerance: relative and absolute, between the returns of ``evaluate`` and those of ``evaluate_oracle``.
        oracle: compare the two; false for a task whose oracle runs another simulator.
        seed: of the random networks. Where contacts or collisions amplify rounding, another seed or fewer steps may
            keep the two together.

    Raises:
        AssertionError: with the expectation and the finding.
    """
    sample = Sample(task, tolerance, oracle, seed)
    for check in CHECKS:
        check(sample)
