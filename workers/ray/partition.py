"""The number and size of the chunks of a request, from its measured cost."""

from __future__ import annotations

from math import ceil

import numpy as np

from workers.ray.chunks import cut
from workers.ray.evaluation_work import EvaluationWork
from workers.ray.options import RayOptions
from workers.ray.work import Chunk, Work

# Parts of the work per worker. There must be several, because the cost of a part is known only once it is done.
_PARTS_PER_WORKER = 8
# Chunks per worker while their cost is unknown.
_BLIND_CHUNKS = 4


def num_blocks(
    options: RayOptions,
    num_workers: int,
    num_networks: int,
    num_rollouts: int,
    expected_seconds: float | None,
    together: int,
) -> int:
    """Number of blocks into which the rollouts of each network are divided.

    There are enough parts to balance the workers, but each is worth sending and far below the time limit.

    Args:
        num_rollouts: of each network.
        together: episodes that a chunk should have, see `envs.task.PlaysTogether`.
    """
    # As many for each worker, because equal parts that are few would keep some of the workers busy for one more.
    most = num_workers * max(1, num_networks * num_rollouts // together // num_workers)
    if expected_seconds is None:
        return max(1, ceil(min(_BLIND_CHUNKS * num_workers, most) / num_networks))
    parts = min(_PARTS_PER_WORKER * num_workers, most, int(expected_seconds / options.chunk_seconds))
    return max(1, ceil(parts / num_networks), ceil(expected_seconds / num_networks / options.longest_seconds))


def chunks_of(work: EvaluationWork, options: RayOptions, num_workers: int, together: int) -> list[Chunk]:
    """All missing pieces of an evaluation, in chunks for ``num_workers``.

    A chunk has ``together`` episodes or more, if that leaves one for every worker.
    """
    pieces = np.flatnonzero(work.missing)
    units, blocks = work.units[pieces], work.block_numbers(pieces)
    total = float(units.sum())
    expected = work.cost.expected_seconds(total)
    smallest = largest = total / (_BLIND_CHUNKS * num_workers)
    if expected:
        largest = total * options.longest_seconds / expected
        worthwhile = max(options.chunk_seconds / expected, together / work.num_episodes(pieces))
        smallest = min(total * worthwhile, total / num_workers, largest)
    return [work.chunk(pieces[part]) for part in cut(units, num_workers, smallest, largest, kinds=blocks)]


def single_pieces(work: Work) -> list[Chunk]:
    """A chunk for each missing piece."""
    return [work.chunk(np.array([piece])) for piece in np.flatnonzero(work.missing)]
