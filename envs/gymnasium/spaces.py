"""What lies between a network and a Gymnasium environment: counts and names of inputs and outputs, and actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wann.errors import UserError

if TYPE_CHECKING:
    from gymnasium.spaces import Box, Space

# Outputs [L, O] to a sequence of L actions.
ToActions = Callable[[NDArray], Any]

_CAR = ("position", "velocity")
_LEGS = tuple(
    f"{joint} {leg} {what}" if joint != "leg" else f"leg {leg} contact"
    for leg in (1, 2)
    for joint, what in (("hip", "angle"), ("hip", "speed"), ("knee", "angle"), ("knee", "speed"), ("leg", ""))
)
_RAYS = tuple(f"lidar {ray}" for ray in range(10))
# Names of observations and of outputs, by id without its version.
_KNOWN_NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "CartPole": (("cart position", "cart velocity", "pole angle", "pole velocity"), ("push left", "push right")),
    "Pendulum": (("cos angle", "sin angle", "velocity"), ("torque",)),
    "MountainCar": (_CAR, ("push left", "coast", "push right")),
    "MountainCarContinuous": (_CAR, ("force",)),
    "Acrobot": (
        ("cos angle 1", "sin angle 1", "cos angle 2", "sin angle 2", "velocity 1", "velocity 2"),
        ("torque -1", "no torque", "torque +1"),
    ),
    "LunarLander": (
        ("x", "y", "x velocity", "y velocity", "angle", "angular velocity", "left leg contact", "right leg contact"),
        ("nothing", "left engine", "main engine", "right engine"),
    ),
    "BipedalWalker": (
        ("hull angle", "hull angular velocity", "x velocity", "y velocity", *_LEGS, *_RAYS),
        ("hip 1 torque", "knee 1 torque", "hip 2 torque", "knee 2 torque"),
    ),
}
# Some environments write the largest float32 where they mean that there is no bound.
_LARGEST_BOUND = float(np.finfo(np.float32).max) / 2


@dataclass(frozen=True)
class Interface:
    num_inputs: int
    num_outputs: int
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    to_actions: ToActions


@dataclass(frozen=True)
class DiscreteActions:
    """The largest of the outputs [L, O] acts, the first of equal ones."""

    start: int

    def __call__(self, outputs: NDArray) -> NDArray[np.int64]:
        return self.start + outputs.argmax(axis=1)


@dataclass(frozen=True, eq=False)
class BoxActions:
    """Outputs [L, O] clipped to +-1 and mapped linearly to the bounds, [L, ...] in the space's type.

    A number without two finite bounds takes the clipped output itself, kept within the bound it may have.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    low: NDArray[np.float64]  # [O]
    high: NDArray[np.float64]  # [O]
    middle: NDArray[np.float64]  # [O]
    reach: NDArray[np.float64]  # [O]

    def __call__(self, outputs: NDArray) -> NDArray:
        numbers = self.middle + self.reach * np.clip(outputs.astype(np.float64), -1, 1)
        numbers = np.clip(numbers, self.low, self.high)
        return numbers.astype(self.dtype).reshape(len(outputs), *self.shape)


def box_actions(space: Box) -> BoxActions:
    low, high = space.low.astype(np.float64).ravel(), space.high.astype(np.float64).ravel()
    bounded = (np.abs(low) < _LARGEST_BOUND) & (np.abs(high) < _LARGEST_BOUND)
    with np.errstate(invalid="ignore", over="ignore"):
        middle = np.where(bounded, low / 2 + high / 2, 0)
        reach = np.where(bounded, high / 2 - low / 2, 1)
    return BoxActions(space.shape, np.dtype(space.dtype), low, high, middle, reach)


def make_interface(id: str, observations: Space, actions: Space) -> Interface:
    """The interface to an environment with these spaces.

    Raises:
        UserError: observations that are no vector, or actions that are neither Box nor Discrete.
    """
    from gymnasium.spaces import Box, Discrete

    if not isinstance(observations, Box) or len(observations.shape) != 1 or not observations.shape[0]:
        raise UserError(f"task.id: expected vector observations (a Box of one dimension), but {id} has {observations}")
    to_actions: ToActions
    if isinstance(actions, Discrete) and actions.n >= 2:
        num_outputs, to_actions = int(actions.n), DiscreteActions(int(actions.start))
    elif isinstance(actions, Box) and np.issubdtype(actions.dtype, np.floating) and actions.low.size:
        num_outputs, to_actions = actions.low.size, box_actions(actions)
    else:
        raise UserError(f"task.id: expected a Box of floats or 2 or more Discrete actions, but {id} has {actions}")
    known_inputs, known_outputs = known_names(_bare_name(id))
    num_inputs = observations.shape[0]
    return Interface(
        num_inputs,
        num_outputs,
        known_inputs if len(known_inputs) == num_inputs else tuple(f"observation {i}" for i in range(num_inputs)),
        known_outputs if len(known_outputs) == num_outputs else tuple(f"action {i}" for i in range(num_outputs)),
        to_actions,
    )


def known_names(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of observations and of outputs of an id without its version; empty where none are known."""
    return _KNOWN_NAMES.get(name, ((), ()))


def _bare_name(id: str) -> str:
    return id.rpartition(":")[2].rpartition("-v")[0]
