"""The interface of a network to a Gymnasium environment: inputs and outputs by count and name, and their conversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.gymnasium.actions import ActionMap, actions_of
from envs.gymnasium.observations import ToVector, is_flattenable, is_vector, names_of, vectors_of
from wann.errors import UserError

if TYPE_CHECKING:
    from gymnasium.spaces import Space

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


@dataclass(frozen=True)
class Interface:
    """An environment as a network sees it."""

    input_names: tuple[str, ...]  # [I]
    output_names: tuple[str, ...]  # [O]
    to_vector: ToVector
    to_actions: ActionMap

    @property
    def num_inputs(self) -> int:
        return len(self.input_names)

    @property
    def num_outputs(self) -> int:
        return len(self.output_names)


def problems_of(id: str, observations: Space, actions: Space, flatten: bool) -> list[UserError]:
    """Reasons why networks cannot act in an environment with these spaces; empty if they can."""
    problems = []
    if actions_of(actions) is None:
        expected = "a Box of floats, 2 or more Discrete actions, MultiDiscrete or MultiBinary ones"
        problems.append(UserError(key="task.id", expected=expected, found=f"{_shortened(actions)} as actions of {id}"))
    if not is_vector(observations) and not (flatten and is_flattenable(observations)):
        expected = "observations that can be flattened" if flatten else "vector observations (a Box of one dimension)"
        found = f"{_shortened(observations)} in {id}"
        remedy = "task.flatten: true would flatten them" if is_flattenable(observations) else ""
        problems.append(UserError(key="task.id", expected=expected, found=found, remedy=remedy))
    return problems


def make_interface(id: str, observations: Space, actions: Space) -> Interface:
    """The interface to an environment whose spaces have no `problems_of`."""
    way, names = actions_of(actions), names_of(observations)
    assert way is not None
    known_inputs, known_outputs = known_names(_bare_name(id))
    return Interface(
        known_inputs if len(known_inputs) == len(names) else names,
        known_outputs if len(known_outputs) == len(way.names) else way.names,
        vectors_of(observations),
        way.to_actions,
    )


def known_names(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of observations and of outputs of an id without its version; empty if unknown."""
    return _KNOWN_NAMES.get(name, ((), ()))


def _bare_name(id: str) -> str:
    return id.rpartition(":")[2].rpartition("-v")[0]


def _shortened(space: Space) -> str:
    text = str(space)
    return text if len(text) <= 100 else text[:99] + "\N{HORIZONTAL ELLIPSIS}"
