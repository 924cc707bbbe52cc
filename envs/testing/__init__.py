"""The conformance suite of a task, for tests inside and outside this project.

``check_task(task)`` checks a task against the contract of `envs.task` and raises an AssertionError with the expectation
and the finding. It needs no pytest. `CHECKS` are its parts, functions of a `Sample`. Imports only ``wann`` and
`envs.task`.
"""

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from envs.testing.networks import random_networks as random_networks
    from envs.testing.sample import Sample as Sample
    from envs.testing.suite import CHECKS as CHECKS
    from envs.testing.suite import check_task as check_task

__all__ = ["CHECKS", "Sample", "check_task", "random_networks"]
__getattr__, __dir__ = lazy(
    __name__,
    {
        "CHECKS": "envs.testing.suite",
        "Sample": "envs.testing.sample",
        "check_task": "envs.testing.suite",
        "random_networks": "envs.testing.networks",
    },
)
