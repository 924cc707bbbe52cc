"""Gradients as work for Ray workers: a piece is a genome."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from envs.task import Seeds
from wann.gradients import GradientRequest, Gradients
from workers.blame import TaskError
from workers.ray.chunks import CostModel
from workers.ray.work import Work
from workers.ray.worker_process import GradientReply, GradientRunner, dump

# Cost of a node in connections. A genome may have nodes but no connections.
_NODE_CONNECTIONS = 2


def gradient_units(requests: Sequence[GradientRequest]) -> NDArray[np.float64]:
    """Estimated cost of each genome, [K], in arbitrary units."""
    return np.array([wanted.genome.num_enabled + _NODE_CONNECTIONS * wanted.genome.num_nodes for wanted in requests])


class GradientWork(Work):
    """One call of `gradients`. A genome that kills its workers gets gradients of 0, so nothing is proposed for it."""

    def __init__(
        self, requests: Sequence[GradientRequest], weights: NDArray[np.float64], seeds: Seeds, cost: CostModel
    ) -> None:
        self.requests = requests
        self.found = [Gradients.nothing(wanted.genome.num_nodes) for wanted in requests]
        super().__init__(GradientRunner(weights, np.asarray(seeds)), gradient_units(requests), cost)

    def rows(self, pieces: NDArray[np.int64]) -> NDArray[np.int64]:
        return pieces

    def chunk_bytes(self, pieces: NDArray[np.int64]) -> bytes:
        return dump((pieces, [self.requests[piece] for piece in pieces.tolist()]))

    def fill(self, task: str, pieces: NDArray[np.int64], answer: object) -> None:
        if not isinstance(answer, list) or len(answer) != len(pieces):
            raise TaskError(task, None, None, None, f"expected {len(pieces)} gradients, found {type(answer).__name__}")
        for piece, reply in zip(pieces.tolist(), answer, strict=True):
            if self.missing[piece]:
                self.found[piece] = self._whole(task, piece, reply)
        self.missing[pieces] = False

    def _whole(self, task: str, piece: int, reply: GradientReply) -> Gradients:
        wanted = self.requests[piece]
        shapes = [(len(sources), len(targets)) for sources, targets in wanted.pairs]
        for moment in (reply.first, reply.second):
            if [part.shape for part in moment] != shapes or any(part.dtype != np.float32 for part in moment):
                raise TaskError(task, piece, None, None, f"expected gradients of shapes {shapes} in float32")
        return Gradients.of_pairs(wanted, reply.first, reply.second, reply.steps)

    def give_up(self, row: int) -> None:
        super().give_up(row)
        self.found[row] = Gradients.nothing(self.requests[row].genome.num_nodes)

    def identity(self, row: int) -> tuple[int, bytes]:
        genome = self.requests[row].genome
        return -1, genome.activations.tobytes() + genome.sources.tobytes() + genome.targets.tobytes()

    def describe(self, row: int) -> str:
        genome = self.requests[row].genome
        return f"the gradients of genome {row} ({genome.num_enabled} connections), which count as 0"
