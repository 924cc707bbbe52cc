"""CartPoleSwingUp: a pole hangs from a cart; swing it up and balance it.

The task's oracle, its lane kernels and the Gymnasium environment all use the equations in `envs.cartpole.physics`.
Imports NumPy and ``wann``; numba, Gymnasium and pygame only in the modules that need them.
"""

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from envs.cartpole.environment import CartPoleSwingUpEnv as CartPoleSwingUpEnv
    from envs.cartpole.task import CartPoleSwingUp as CartPoleSwingUp

__all__ = ["CartPoleSwingUp", "CartPoleSwingUpEnv"]
__getattr__, __dir__ = lazy(
    __name__,
    {
        "CartPoleSwingUp": "envs.cartpole.task",
        "CartPoleSwingUpEnv": "envs.cartpole.environment",
    },
)
