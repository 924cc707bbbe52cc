"""Box2D's tasks: walkers and racers.

Imports ``wann``, `envs.waves` and the pool of `envs.gymnasium`; Gymnasium and numba only where a task runs.
"""

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from envs.box2d.racer.task import CarRacing as CarRacing
    from envs.box2d.walker.task import BipedalWalker as BipedalWalker

_PLACES = {"BipedalWalker": "envs.box2d.walker.task", "CarRacing": "envs.box2d.racer.task"}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
