"""Tasks: networks x weights x seeds in, returns out.

`Task` is the contract, `TASKS` are the project's tasks by name, `make_task` makes one from a name and options, and
`envs.testing` checks a task against the contract. Imports ``wann``; Gymnasium and numba only where a task
runs.
"""

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from envs.registry import TASKS as TASKS
    from envs.registry import make_task as make_task
    from envs.registry import task_class as task_class
    from envs.registry import task_of_champion as task_of_champion
    from envs.task import Playable as Playable
    from envs.task import Returns as Returns
    from envs.task import Task as Task

_PLACES = {
    "TASKS": "envs.registry",
    "Playable": "envs.task",
    "Returns": "envs.task",
    "Task": "envs.task",
    "make_task": "envs.registry",
    "task_class": "envs.registry",
    "task_of_champion": "envs.registry",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
