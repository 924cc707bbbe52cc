"""Observations of a Gymnasium space as vectors: their lengths, their names, and the conversion of one observation.

A vector space (a `Box` of one dimension) gives its numbers as they are. Any other is flattened, if the task asks for
it, as `gymnasium.spaces.utils.flatten` does: Discrete parts become one-hot, arrays become their numbers in C order, and
the parts of Dict and Tuple spaces are concatenated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gymnasium import Space


class UnfitObservation(ValueError):  # noqa: N818 - not an error of this project
    """An observation that does not fit its space.

    Attributes:
        expected: the space's declaration, in words.
        found: the observation, in words.
    """

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected, self.found = expected, found


def is_vector(space: Space) -> bool:
    """True if observations of a space are vectors without being flattened."""
    from gymnasium.spaces import Box

    return isinstance(space, Box) and len(space.shape) == 1 and space.shape[0] > 0


def is_flattenable(space: Space) -> bool:
    """True if observations of a space can be flattened to vectors of one length."""
    from gymnasium.spaces import Box, Space, flatten_space

    # An environment may have forgotten to declare a space.
    flat = flatten_space(space) if isinstance(space, Space) and space.is_np_flattenable else None
    return isinstance(flat, Box) and flat.shape[0] > 0


@dataclass(frozen=True, eq=False)
class ToVector:
    """Converts an observation of a vector space, or of a flattenable one, to its vector [I].

    Raises `UnfitObservation` for observations that do not fit the space. Axes of length 1 are ignored: an array [1, 3]
    is accepted as the vector [3].
    """

    space: Space
    shape: tuple[int, ...] | None  # of observations that are vectors already; None for those that are flattened

    def __call__(self, observation: Any) -> NDArray:
        if self.shape is not None:
            return _array(observation, self.shape)
        from gymnasium.spaces import flatten

        return np.asarray(flatten(self.space, _fitting(self.space, observation)))


def vectors_of(space: Space) -> ToVector:
    """The conversion to vectors for a space that `is_vector` or `is_flattenable`."""
    return ToVector(space, space.shape if is_vector(space) else None)


def names_of(space: Space) -> tuple[str, ...]:
    """A distinct name for each number of the vectors."""
    from gymnasium.spaces import Dict

    names = tuple(_names(space, "" if isinstance(space, Dict) else "observation"))
    return names if len(set(names)) == len(names) else tuple(f"observation {i}" for i in range(len(names)))


def places(shape: tuple[int, ...]) -> Iterator[str]:
    """Indices of an array as text, in C order: ``2``, or ``2,0,1``."""
    return (",".join(map(str, index)) for index in product(*map(range, shape)))


def _array(value: Any, shape: tuple[int, ...]) -> NDArray:
    """Numbers as an array of a shape. An array that differs only in axes of length 1 is reshaped."""
    if isinstance(value, np.ndarray) and value.shape == shape and value.dtype.kind in "fiub":
        return value
    expected = f"an array of shape {list(shape)}"
    try:
        found = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise UnfitObservation(expected, f"a {type(value).__name__} that is no array") from None
    if found.dtype.kind not in "fiub":
        raise UnfitObservation(expected, f"no numbers but {_type_of(value)}")
    if _without_ones(found.shape) != _without_ones(shape):
        raise UnfitObservation(expected, f"one of shape {list(found.shape)}")
    return found.reshape(shape)


def _without_ones(shape: tuple[int, ...]) -> list[int]:
    return [length for length in shape if length != 1]


def _fitting(space: Space, value: Any) -> Any:
    """The observation in the form that `flatten` takes, checked, because `flatten` accepts many that do not fit."""
    from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

    if isinstance(space, Discrete):
        return int(_integers(value, (), space.start, space.start + space.n))
    if isinstance(space, MultiDiscrete):
        return _integers(value, space.shape, space.start, space.start + space.nvec)
    if isinstance(space, MultiBinary):
        return _integers(value, space.shape, 0, 2)
    if isinstance(space, Box):
        return _exactly(_array(value, space.shape), space.dtype)
    if isinstance(space, Dict):
        if not isinstance(value, Mapping) or not value.keys() >= space.spaces.keys():
            raise UnfitObservation(f"a dict with the keys {list(space.spaces)}", _keys_of(value))
        return {key: _fitting(part, value[key]) for key, part in space.spaces.items()}
    if isinstance(space, Tuple):
        if not isinstance(value, tuple | list) or len(value) != len(space.spaces):
            found = f"{len(value)}" if isinstance(value, tuple | list) else _type_of(value)
            raise UnfitObservation(f"a tuple of {len(space.spaces)}", found)
        return tuple(_fitting(part, one) for part, one in zip(space.spaces, value, strict=True))
    return value


def _integers(value: Any, shape: tuple[int, ...], low: Any, high: Any) -> NDArray[np.int64]:
    """Whole numbers of a shape, from ``low`` to below ``high``."""
    found = _array(value, shape)
    whole = found.astype(np.int64)
    if not (whole == found).all() or (whole < low).any() or (whole >= high).any():
        bounds = f"from {np.min(low)} to {np.max(high) - 1}"
        raise UnfitObservation(f"whole numbers {bounds}", np.array2string(found, threshold=8))
    return whole


def _exactly(found: NDArray, dtype: Any) -> NDArray:
    """The array in the type of its space, if whole numbers lose nothing by the conversion."""
    if np.dtype(dtype).kind == "f" or found.dtype == dtype:
        return found
    with np.errstate(invalid="ignore"):
        cast = found.astype(dtype)
    if not (cast == found).all():
        raise UnfitObservation(f"numbers of type {np.dtype(dtype)}", f"{found.dtype} between them")
    return cast


def _keys_of(value: Any) -> str:
    return f"the keys {list(value)}" if isinstance(value, Mapping) else _type_of(value)


def _type_of(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _names(space: Space, name: str) -> Iterator[str]:
    from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple, flatdim

    if isinstance(space, Dict):
        for key, part in space.spaces.items():
            yield from _names(part, f"{name} {key}".strip())
    elif isinstance(space, Tuple):
        for index, part in enumerate(space.spaces):
            yield from _names(part, f"{name} {index}")
    elif isinstance(space, Discrete):
        yield from (f"{name} = {space.start + k}" for k in range(space.n))
    elif isinstance(space, MultiDiscrete):
        for count, start, place in zip(space.nvec.flat, space.start.flat, places(space.shape), strict=True):
            yield from (f"{name} {place} = {start + k}" for k in range(count))
    elif isinstance(space, Box | MultiBinary):
        single = name != "observation" and np.prod(space.shape) == 1
        yield from (f"{name} {place}".strip() for place in ([""] if single else places(space.shape)))
    else:
        yield from (f"{name} {index}" for index in range(flatdim(space)))
