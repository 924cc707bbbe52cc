"""One call of the Ray evaluator: cut into chunks, sent as bytes, and filled as answers come in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.task import Returns, Seeds, Weights
from wann.network import Networks
from workers.blocks import Block, blocks
from workers.chunks import CostModel, cost_units
from workers.ray_session import put
from workers.remote import dump

# Ray sends larger arguments through its object store; what all chunks share is then put there once.
_INLINE_BYTES = 50_000


@dataclass(eq=False)
class Chunk:
    """Pieces of the request that travel together; all are of one block."""

    pieces: NDArray[np.int64]
    units: float
    cost: CostModel  # of requests like its own
    suspect: bool = False
    strikes: int = 0
    copies: int = 0  # sent and not yet answered
    settled: bool = False  # answered, or no longer wanted


@dataclass(eq=False)
class Job:
    """A chunk on a worker; ``proof`` is answered first, if the worker is alive to begin it."""

    chunk: Chunk
    reference: Any
    proof: Any


class Request:
    """One call of `evaluate`: its arguments as chunks take them, and its results as they come in.

    A piece is one network on one block of its rollouts: piece k is network k % P on block k // P. There is one block,
    all rollouts, unless networks are too few to keep the workers busy.
    """

    def __init__(
        self,
        networks: Networks,
        weights: Weights,
        seeds: Seeds,
        oracle: bool,
        shape: tuple[int, int, int],
        cost: CostModel,
        num_blocks: int,
    ) -> None:
        self.networks, self.weights, self.seeds = networks, weights, np.asarray(seeds)
        self.oracle, self.cost, self.shape = oracle, cost, shape
        self.blocks = blocks(*shape[1:], num_blocks)
        self.units = np.concatenate([cost_units(networks, block.num_lanes) for block in self.blocks])
        self.returns = Returns(np.full(shape, np.nan), np.zeros(shape, np.int64))
        self.missing = np.ones(len(self.units), bool)
        self.fresh: deque[Chunk] = deque()
        self.suspects: deque[Chunk] = deque()
        shared = dump((weights if isinstance(weights, np.ndarray) else None, self.seeds, oracle))
        self.shared = shared if len(shared) <= _INLINE_BYTES else put(shared)

    def rows(self, pieces: NDArray[np.int64]) -> NDArray[np.int64]:
        """Indices of their networks."""
        return pieces % len(self.networks)

    def block(self, pieces: NDArray[np.int64]) -> Block:
        return self.blocks[int(pieces[0]) // len(self.networks)]

    def chunk_bytes(self, pieces: NDArray[np.int64]) -> bytes:
        rows, individual = self.rows(pieces), None
        if not isinstance(self.weights, np.ndarray):
            individual = [self.weights[row] for row in rows.tolist()]
        return dump((rows, self.networks.take(rows), individual, self.block(pieces)))

    def piece_shape(self, pieces: NDArray[np.int64]) -> tuple[int, int, int]:
        block = self.block(pieces)
        return len(pieces), len(block.settings), len(block.rollouts)

    def fill(self, pieces: NDArray[np.int64], found: Returns) -> None:
        block, wanted = self.block(pieces), self.missing[pieces]
        place = np.ix_(self.rows(pieces)[wanted], block.settings, block.rollouts)
        self.returns.values[place], self.returns.steps[place] = found.values[wanted], found.steps[wanted]
        if found.falls is not None:
            if self.returns.falls is None:
                self.returns = replace(self.returns, falls=np.zeros(self.shape, bool))
            self.returns.falls[place] = found.falls[wanted]  # type: ignore[index]
        self.missing[pieces] = False

    def give_up(self, row: int) -> None:
        """Nothing more is wanted of a network, and nothing that it has given."""
        self.missing[self.rows(np.arange(len(self.missing))) == row] = False
        self.returns.values[row], self.returns.steps[row] = np.nan, 0
        if self.returns.falls is not None:
            self.returns.falls[row] = False
        for queue in (self.fresh, self.suspects):
            for chunk in [chunk for chunk in queue if not self.missing[chunk.pieces].any()]:
                queue.remove(chunk)

    def identity(self, row: int) -> tuple[int, bytes]:
        """What a poisoned network is remembered by: its program, and its weights where they are its own."""
        own = b"" if isinstance(self.weights, np.ndarray) else np.asarray(self.weights[row]).tobytes()
        return int(self.networks.hashes[row]), own
