"""One call of the Ray evaluator: pieces of work that are sent in chunks, and whose results are stored on arrival."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.ray.chunks import CostModel
from workers.ray.objects import put
from workers.ray.worker_process import ChunkRunner, dump

# Ray sends larger arguments through its object store. If the shared part of all chunks is larger, it is put there once.
_INLINE_BYTES = 50_000


@dataclass(eq=False)
class Chunk:
    """Pieces that are sent together."""

    pieces: NDArray[np.int64]
    units: float
    cost: CostModel  # for work of its kind
    suspect: bool = False
    strikes: int = 0
    copies: int = 0  # number sent and not yet answered
    settled: bool = False  # answered, or no longer wanted


@dataclass(eq=False)
class SentChunk:
    """A chunk on a worker."""

    chunk: Chunk
    reference: Any  # to its answer
    was_alive: bool  # the worker answered a ping just before


class Work(ABC):
    """One call: its arguments for chunks, its results, and the chunks that are still to be sent.

    Args:
        runner: runs each chunk; sent once.
        units: [K] cost of each piece.
        cost: for work of this kind.
    """

    def __init__(self, runner: ChunkRunner, units: NDArray[np.float64], cost: CostModel) -> None:
        self.units, self.cost = units, cost
        self.missing = np.ones(len(units), bool)
        self.fresh: deque[Chunk] = deque()
        self.suspects: deque[Chunk] = deque()
        shared = dump(runner)
        self.shared = shared if len(shared) <= _INLINE_BYTES else put(shared)

    def chunk(self, pieces: NDArray[np.int64], suspect: bool = False) -> Chunk:
        return Chunk(pieces, float(self.units[pieces].sum()), self.cost, suspect)

    def give_up(self, row: int) -> None:
        """Give up a network or genome: discard its results, and run nothing more of it."""
        self.missing[self.rows(np.arange(len(self.missing))) == row] = False
        for queue in (self.fresh, self.suspects):
            for chunk in [chunk for chunk in queue if not self.missing[chunk.pieces].any()]:
                queue.remove(chunk)

    @abstractmethod
    def rows(self, pieces: NDArray[np.int64]) -> NDArray[np.int64]:
        """Indices of the networks or genomes of pieces."""

    @abstractmethod
    def chunk_bytes(self, pieces: NDArray[np.int64]) -> bytes:
        """The runner's arguments for pieces, pickled."""

    @abstractmethod
    def fill(self, task: str, pieces: NDArray[np.int64], answer: Any) -> None:
        """Check an answer and store it.

        Raises:
            TaskError: the answer breaks the contract of the task named ``task``.
        """

    @abstractmethod
    def identity(self, row: int) -> tuple[int, bytes]:
        """The key under which a poisoned network or genome is remembered."""

    @abstractmethod
    def describe(self, row: int) -> str:
        """A network or genome, with its weights and seeds, for the log."""
