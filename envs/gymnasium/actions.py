"""Actions of a Gymnasium space from the outputs of networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from envs.gymnasium.observations import places

if TYPE_CHECKING:
    from gymnasium.spaces import Box, Space

# Maps outputs [L, O] to L actions in the form that the environment takes.
ToActions = Callable[[NDArray], Sequence[Any] | NDArray]


class ActionMap(Protocol):
    """A `ToActions` that can describe itself."""

    def __call__(self, outputs: NDArray) -> Sequence[Any] | NDArray:
        """Map outputs [L, O] to L actions in the form that the environment takes."""
        ...

    def describe(self) -> dict[str, Any]:
        """Describe the mapping in words and numbers; see `envs.task.DescribesActions`."""
        ...


# Some environments use the largest float32 to mean that there is no bound.
_LARGEST_BOUND = float(np.finfo(np.float32).max) / 2


@dataclass(frozen=True)
class Actions:
    """The mapping from outputs to the actions of a space."""

    names: tuple[str, ...]  # [O] of the outputs
    to_actions: ActionMap


@dataclass(frozen=True)
class DiscreteActions:
    """The action is the index of the largest of the outputs [L, O], the first if several are equal: L Python ints."""

    start: int

    def __call__(self, outputs: NDArray) -> list[int]:
        return (self.start + outputs.argmax(axis=1)).tolist()

    def describe(self) -> dict[str, Any]:
        rule = "the action is start + the index of the largest output, the first of equal ones"
        return {"kind": "argmax", "start": self.start, "rule": rule}


@dataclass(frozen=True, eq=False)
class MultiDiscreteActions:
    """Argmax in each part of the outputs [L, O], the first if several are equal: [L, ...] in the space's type."""

    counts: NDArray[np.int64]  # outputs of each part, in the space's shape
    start: NDArray[np.int64]  # likewise
    dtype: np.dtype

    def __call__(self, outputs: NDArray) -> NDArray:
        parts = np.split(outputs, np.cumsum(self.counts)[:-1], axis=1)
        chosen = np.stack([part.argmax(axis=1) for part in parts], axis=1)
        return (chosen.reshape(len(outputs), *self.counts.shape) + self.start).astype(self.dtype)

    def describe(self) -> dict[str, Any]:
        rule = "outputs come in parts of these counts; each part of the action is its start + the index of its largest"
        return {
            "kind": "argmax of each part",
            "counts": self.counts.tolist(),
            "start": self.start.tolist(),
            "rule": rule,
        }


@dataclass(frozen=True)
class MultiBinaryActions:
    """A bit is 1 if its output is above 0: [L, ...] from outputs [L, O]."""

    shape: tuple[int, ...]

    def __call__(self, outputs: NDArray) -> NDArray[np.int8]:
        return (outputs > 0).astype(np.int8).reshape(len(outputs), *self.shape)

    def describe(self) -> dict[str, Any]:
        return {"kind": "threshold", "shape": list(self.shape), "rule": "a bit is 1 where its output is above 0"}


@dataclass(frozen=True, eq=False)
class BoxActions:
    """Outputs [L, O] clipped to +-1 and mapped linearly to the bounds, [L, ...] in the space's type.

    A number without two finite bounds takes the clipped output itself, kept within its one bound, if any.
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

    def describe(self) -> dict[str, Any]:
        rule = "an action is middle + reach * (the output clipped to -1 to 1), kept within low and high (null: none)"
        bounds = {
            name: [value if np.isfinite(value) else None for value in found.tolist()]
            for name, found in (("low", self.low), ("high", self.high))
        }
        numbers = {"middle": self.middle.tolist(), "reach": self.reach.tolist()}
        return {"kind": "box", "shape": list(self.shape), **bounds, **numbers, "rule": rule}


def actions_of(space: Space) -> Actions | None:
    """The mapping to the actions of a space; None for a space that networks cannot act in.

    Such spaces are nested (Tuple, Dict), a Box of whole numbers, or leave nothing to choose.
    """
    from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete

    if isinstance(space, Discrete) and space.n >= 2:
        return Actions(tuple(f"action {k}" for k in range(space.n)), DiscreteActions(int(space.start)))
    if isinstance(space, MultiDiscrete) and (space.nvec >= 2).any():
        names = tuple(
            f"action {place} = {start + k}"
            for place, start, count in zip(places(space.shape), space.start.flat, space.nvec.flat, strict=True)
            for k in range(count)
        )
        counts, start = space.nvec.astype(np.int64), space.start.astype(np.int64)
        return Actions(names, MultiDiscreteActions(counts, start, np.dtype(space.dtype)))
    if isinstance(space, MultiBinary) and np.prod(space.shape):
        return Actions(tuple(f"action {place}" for place in places(space.shape)), MultiBinaryActions(space.shape))
    if isinstance(space, Box) and np.issubdtype(space.dtype, np.floating) and space.low.size:
        return Actions(tuple(f"action {k}" for k in range(space.low.size)), box_actions(space))
    return None


def box_actions(space: Box) -> BoxActions:
    """The mapping to the actions of a Box of floats."""
    low, high = space.low.astype(np.float64).ravel(), space.high.astype(np.float64).ravel()
    bounded = (np.abs(low) < _LARGEST_BOUND) & (np.abs(high) < _LARGEST_BOUND)
    with np.errstate(invalid="ignore", over="ignore"):
        middle = np.where(bounded, low / 2 + high / 2, 0)
        reach = np.where(bounded, high / 2 - low / 2, 1)
    return BoxActions(space.shape, np.dtype(space.dtype), low, high, middle, reach)
