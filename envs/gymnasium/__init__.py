"""Any Gymnasium environment as a task, by its id.

`making` reads Gymnasium's registry. `observations` and `actions` translate for a network, and `spaces` joins them.
`answers` checks each step, `pool` steps many environments, and `task` is the task. Imports ``wann``, `envs.task` and
`envs.waves`; Gymnasium itself only where an environment is made.
"""

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from envs.gymnasium.answers import AnsweringEnvironment as AnsweringEnvironment
    from envs.gymnasium.pool import GymnasiumPool as GymnasiumPool
    from envs.gymnasium.task import GymnasiumTask as GymnasiumTask

_PLACES = {
    "AnsweringEnvironment": "envs.gymnasium.answers",
    "GymnasiumPool": "envs.gymnasium.pool",
    "GymnasiumTask": "envs.gymnasium.task",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
