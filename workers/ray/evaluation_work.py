"""Evaluations as work for Ray workers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from envs.task import Returns, Seeds, Weights
from wann.network import Networks
from workers.blame import validated
from workers.ray.blocks import Block, blocks
from workers.ray.chunks import CostModel, cost_units
from workers.ray.work import Work
from workers.ray.worker_process import EvaluationRunner, dump


class EvaluationWork(Work):
    """One call of `evaluate`.

    A piece is one network on one block of its rollouts: piece k is network k % P on block k // P. There is one block
    with all rollouts, unless the networks are too few to keep the workers busy. All pieces of a chunk have the same
    block.
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
        self.oracle, self.shape = oracle, shape
        self.blocks = blocks(*shape[1:], num_blocks)
        self.returns = Returns(np.full(shape, np.nan), np.zeros(shape, np.int64))
        runner = EvaluationRunner(weights if isinstance(weights, np.ndarray) else None, self.seeds, oracle)
        super().__init__(runner, np.concatenate([cost_units(networks, block.num_lanes) for block in self.blocks]), cost)

    def rows(self, pieces: NDArray[np.int64]) -> NDArray[np.int64]:
        return pieces % len(self.networks)

    def block_numbers(self, pieces: NDArray[np.int64]) -> NDArray[np.int64]:
        return pieces // len(self.networks)

    def block(self, pieces: NDArray[np.int64]) -> Block:
        return self.blocks[int(pieces[0]) // len(self.networks)]

    def num_episodes(self, pieces: NDArray[np.int64]) -> int:
        sizes = np.array([block.num_lanes for block in self.blocks])
        return int(sizes[self.block_numbers(pieces)].sum())

    def chunk_bytes(self, pieces: NDArray[np.int64]) -> bytes:
        rows = self.rows(pieces)
        individual = [] if isinstance(self.weights, np.ndarray) else [self.weights[row] for row in rows.tolist()]
        return dump((rows, self.networks.take(rows), individual, self.block(pieces)))

    def fill(self, task: str, pieces: NDArray[np.int64], answer: object) -> None:
        block, wanted = self.block(pieces), self.missing[pieces]
        found = validated(task, answer, (len(pieces), len(block.settings), len(block.rollouts)))
        place = np.ix_(self.rows(pieces)[wanted], block.settings, block.rollouts)
        self.returns.values[place], self.returns.steps[place] = found.values[wanted], found.steps[wanted]
        if found.falls is not None:
            if self.returns.falls is None:
                self.returns = replace(self.returns, falls=np.zeros(self.shape, bool))
            self.returns.falls[place] = found.falls[wanted]  # type: ignore[index]
        replayed = self.returns.replayed + (found.replayed if wanted.any() else 0)  # not twice of overtaken chunks
        failures = {**found.failures, **self.returns.failures}
        self.returns = replace(self.returns, failures=failures, replayed=replayed)
        self.missing[pieces] = False

    def give_up(self, row: int) -> None:
        super().give_up(row)
        self.returns.values[row], self.returns.steps[row] = np.nan, 0
        if self.returns.falls is not None:
            self.returns.falls[row] = False

    def identity(self, row: int) -> tuple[int, bytes]:
        """The network's program, and its weights if they are individual."""
        own = b"" if isinstance(self.weights, np.ndarray) else np.asarray(self.weights[row]).tobytes()
        return int(self.networks.hashes[row]), own

    def describe(self, row: int) -> str:
        weights = np.asarray(self.weights if isinstance(self.weights, np.ndarray) else self.weights[row]).tolist()
        return (
            f"genome {row} (structural hash {int(self.networks.hashes[row]):016x}), weights {weights}, "
            f"seeds {self.seeds.tolist()}; its values are NaN"
        )
