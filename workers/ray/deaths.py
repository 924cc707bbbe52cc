"""Deaths of workers: retrying their chunks, and finding the networks that caused them.

A chunk whose worker died is *suspect*: it is divided and sent again, each part alone to an idle worker that has
answered just before. A network gets a strike only if such a worker dies while running it alone, or if a worker runs
into the time limit with it. At ``max_attempts`` strikes it is poisoned: its result is given up, a warning names it, and
it is never run again. The loss of a node is not blamed on any network.
"""

from __future__ import annotations

from logging import getLogger

import numpy as np

from workers.ray.actors import Worker, is_node_lost
from workers.ray.work import Chunk, Work
from workers.ray.worker_pool import WorkerPool
from workers.statistics import WorkerCounts

_logger = getLogger("wann.workers")

# A suspect chunk is divided into this many.
_SPLIT = 8


class Deaths:
    """Replaces dead workers, and finds the networks that kill them.

    Args:
        task: its name, for messages.
        max_attempts: see `workers.ray.options.RayOptions`.
        counts: deaths and retries are added to them.

    Attributes:
        poisoned: identities of networks and genomes that are never run again; see `workers.ray.work.Work.identity`.
    """

    def __init__(self, task: str, max_attempts: int, counts: WorkerCounts) -> None:
        self._task, self._max_attempts, self._counts = task, max_attempts, counts
        self.poisoned: set[tuple[int, bytes]] = set()

    def give_up_poisoned(self, work: Work, count: int) -> None:
        """Give up the poisoned ones among a new call's ``count`` networks or genomes."""
        for row in range(count) if self.poisoned else ():
            if work.identity(row) in self.poisoned:
                work.give_up(row)

    def on_death(self, work: Work | None, worker: Worker, pool: WorkerPool, error: BaseException | None) -> None:
        """Replace the worker and send its chunks again.

        Args:
            work: the running call; None between calls.
            worker: it is dead, or will be killed.
            pool: its pool.
            error: Ray's report; None if the worker is killed for exceeding the time limit.

        Raises:
            WorkerError: Ray's head is lost.
        """
        import ray

        pool.await_head()
        sent = list(worker.sent)
        blameless = is_node_lost(worker, error) or isinstance(error, ray.exceptions.ActorUnavailableError)
        self._counts.deaths += 1
        pool.replace(worker)
        _logger.warning("worker %d %s; its work is sent again", worker.pid, _end(error, blameless))
        for position, one in enumerate(sent):
            one.chunk.copies -= 1
            if one.chunk.settled or work is None:
                continue
            if position == 0 and not blameless:
                alone = len(sent) == 1 and one.was_alive
                self._suspect(work, one.chunk, strike=error is None or alone)
            elif not one.chunk.copies:
                (work.suspects if one.chunk.suspect else work.fresh).append(one.chunk)
                self._counts.retries += 1

    def _suspect(self, work: Work, chunk: Chunk, strike: bool) -> None:
        chunk.suspect = True
        single = len(chunk.pieces) == 1
        chunk.strikes += single and strike
        if chunk.copies:  # Another worker is still running it.
            return
        if single and chunk.strikes >= self._max_attempts:
            self._poison(work, int(work.rows(chunk.pieces)[0]))
            return
        self._counts.retries += 1
        if single:
            work.suspects.append(chunk)
            return
        chunk.settled = True
        for part in np.array_split(chunk.pieces, min(_SPLIT, len(chunk.pieces))):
            work.suspects.append(work.chunk(part, suspect=True))

    def _poison(self, work: Work, row: int) -> None:
        work.give_up(row)
        self.poisoned.add(work.identity(row))
        _logger.warning(
            "task %r: %d workers that ran one genome alone were killed or hung, and it is not run again: %s",
            self._task,
            self._max_attempts,
            work.describe(row),
        )


def _end(error: BaseException | None, blameless: bool) -> str:
    if error is None:
        return "was killed for running beyond the time limit"
    kind = type(error).__name__
    return f"died ({kind}, its node was lost or out of reach)" if blameless else f"died ({kind})"
