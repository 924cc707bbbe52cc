"""Episodes in the layout of the kernels: tiles of lanes, in which every row of a step is contiguous.

A lane is one sequence at one weight. If a weight has enough sequences to fill tiles, weights share their data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.sequences.episodes import Episodes

# As in `wann.kernels.lane_forward`, which would import numba.
TILE = 64
_NOT_JUDGED = -1


@dataclass(frozen=True, eq=False)
class Tiles:
    """L lanes in n tiles, which read D tiles of data of T steps. K is 1 for classes, O for bits."""

    inputs: NDArray[np.float32]  # [D * T * I, TILE]
    targets: NDArray[np.float32]  # [D * T * K, TILE] class, or bit; -1 where it is not judged
    judging: NDArray[np.bool_]  # [D, T] true where a lane is judged
    steps: NDArray[np.int64]  # [D] up to the last judged step
    places: NDArray[np.int64]  # [n, 3] first lane, number of lanes, tile of data
    settings: NDArray[np.int64]  # [L] weight setting of each lane


def tiles_of(episodes: Episodes, sequences: NDArray[np.int64]) -> Tiles:
    """Tiles of the lanes (weight, sequence), in that order.

    Args:
        episodes: T steps of B sequences.
        sequences: [W, n] indices of the sequences of each weight.
    """
    num_weights, count = sequences.shape
    settings = np.repeat(np.arange(num_weights), count)
    if count < TILE:
        order, places = _chunks(sequences.ravel(), 0)
        return _filled(episodes, order, places, settings)
    rows, row_of = np.unique(sequences, axis=0, return_inverse=True)
    orders, starts = zip(*(_chunks(row, 0) for row in rows), strict=True)
    size = len(orders[0])
    placed = [starts[row] + [w * count, 0, row * size] for w, row in enumerate(row_of.ravel().tolist())]
    return _filled(episodes, np.concatenate(orders), np.concatenate(placed), settings)


def _chunks(sequences: NDArray[np.int64], first: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sequences by tile of data [D, TILE], -1 for no sequence, and the places of their lanes."""
    count = len(sequences)
    order = np.full(-(-count // TILE) * TILE, -1)
    order[:count] = sequences
    starts = np.arange(0, count, TILE)
    places = np.stack([first + starts, np.minimum(TILE, count - starts), np.arange(len(starts))], axis=1)
    return order.reshape(-1, TILE), places


def _filled(episodes: Episodes, order: NDArray, places: NDArray, settings: NDArray) -> Tiles:
    # One more sequence, of zeros, fills the last tiles.
    inputs = np.pad(episodes.inputs, [(0, 0), (0, 1), (0, 0)])
    judged = np.pad(episodes.judged, [(0, 0), (0, 1)])
    targets = episodes.targets if episodes.is_bits else episodes.targets[:, :, None]
    marked = np.where(episodes.judged[:, :, None], targets, _NOT_JUDGED)
    marked = np.pad(marked, [(0, 0), (0, 1), (0, 0)], constant_values=_NOT_JUDGED)
    lengths = np.r_[episodes.lengths, 0]
    return Tiles(
        _rows(inputs[:, order]),
        _rows(marked[:, order]),
        np.ascontiguousarray(judged[:, order].any(axis=2).T),
        lengths[order].max(axis=1),
        places,
        settings,
    )


def _rows(values: NDArray) -> NDArray[np.float32]:
    """[T, D, TILE, n] to rows [D * T * n, TILE]."""
    return np.ascontiguousarray(values.transpose(1, 0, 3, 2).reshape(-1, TILE), np.float32)
