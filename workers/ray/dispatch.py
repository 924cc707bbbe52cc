"""Dispatch of chunks: sending them to free workers, duplicating late ones, and receiving answers."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from workers.evaluator import WorkerError
from workers.ray.actors import Worker
from workers.ray.deaths import Deaths
from workers.ray.options import RayOptions
from workers.ray.work import Chunk, SentChunk, Work
from workers.ray.worker_pool import WorkerPool, last_line
from workers.statistics import WorkerCounts

# A running chunk and a queued one, so that a worker need not wait for the driver, which takes some milliseconds. Behind
# a long chunk, a queued one would only wait while other workers may be idle.
_CHUNKS_PER_WORKER = 2
_AHEAD_SECONDS = 0.1
# An idle worker answers a ping within milliseconds.
_SIGN_SECONDS = 2.0
# A chunk is late when it takes this many times as long as expected, and at least `_LATE_SECONDS`.
_LATE_FACTOR = 4.0
_LATE_SECONDS = 0.25
# A worker that is still busy with a chunk no longer wanted is replaced after so many seconds.
_ABANDONED_SECONDS = 10.0


class Dispatcher:
    """Runs calls on a pool of workers, one after another.

    Args:
        task: its name, for messages.
        options: time limits.
        pool: the workers.
        deaths: notified of each worker that died.
        counts: events are added to them.
    """

    def __init__(self, task: str, options: RayOptions, pool: WorkerPool, deaths: Deaths, counts: WorkerCounts) -> None:
        self._task, self._options = task, options
        self._pool, self._deaths, self._counts = pool, deaths, counts

    def run(self, work: Work, chunks: list[Chunk]) -> None:
        """Send ``chunks``, and fill ``work`` until nothing is missing.

        Raises:
            TaskError: the task raised, or broke its contract.
            WorkerError: no worker can be started, or Ray's head is lost.
            UserError: raised by the task, or by a worker's start.
        """
        begin = perf_counter()
        work.fresh.extend(chunks)
        try:
            while work.missing.any():
                self._pool.follow_the_cluster()
                self._dispatch(work)
                self.receive(work, self._seconds_to_next_check())
                self._check_time(work)
        finally:
            # Also after an error: the next call has no use for answers that are still to come.
            for worker in self._pool:
                for sent in worker.sent:
                    sent.chunk.settled = True
            self._counts.recent.sent_seconds += perf_counter() - begin

    # Sending

    def _dispatch(self, work: Work) -> None:
        for worker in [worker for worker in self._pool if worker.idle and worker.outgrown]:
            self._counts.outgrown += 1
            self._pool.replace(worker)
        late = self._late_chunks()
        for worker in [worker for worker in self._pool if worker.idle]:
            queue = work.suspects or work.fresh
            chunk = queue.popleft() if queue else next(late, None)
            if chunk is not None:
                self._send(work, chunk, worker)
        for worker in self._pool if work.fresh else ():
            if _takes_another(worker) and work.fresh:
                self._send(work, work.fresh.popleft(), worker)

    def _send(self, work: Work, chunk: Chunk, worker: Worker) -> None:
        # Ping before the chunk, not together with it: a genome that kills at once would prevent the answer.
        was_alive = chunk.suspect and _answered(worker.actor.ping.remote(), _SIGN_SECONDS)
        if not worker.sent:
            worker.since = perf_counter()
        reference = worker.actor.evaluate.remote(work.chunk_bytes(chunk.pieces), work.shared)
        worker.sent.append(SentChunk(chunk, reference, was_alive))
        chunk.copies += 1
        self._counts.chunks += 1

    def _late_chunks(self) -> Iterator[Chunk]:
        """Chunks that are late on slow workers, to be sent to idle ones too."""
        now = perf_counter()
        for worker in self._pool:
            if worker.sent and now >= _late_at(worker):
                for chunk in [sent.chunk for sent in worker.sent]:
                    if not chunk.settled and not chunk.suspect and chunk.copies == 1:
                        self._counts.stragglers += 1
                        yield chunk

    # Receiving

    def receive(self, work: Work | None, timeout: float) -> None:
        """Wait for an answer of any worker, at most ``timeout`` seconds, and process all that have arrived.

        Steps whose cost grows with the number of workers run once for all answers that have arrived.
        """
        import ray

        owners = {worker.starting: worker for worker in self._pool if worker.starting is not None}
        owners |= {worker.sent[0].reference: worker for worker in self._pool if worker.sent}
        done, others = ray.wait(list(owners), num_returns=1, timeout=timeout)
        if done and others:
            done += ray.wait(others, num_returns=len(others), timeout=0)[0]
        for reference in done:
            worker = owners[reference]
            if worker.starting is not None:
                self._pool.take_in(worker)
            else:
                self._on_answer(work, worker)

    def _on_answer(self, work: Work | None, worker: Worker) -> None:
        import ray

        sent = worker.sent[0]
        try:
            reply = pickle.loads(ray.get(sent.reference))
        except ray.exceptions.RayTaskError as error:
            # The task's errors are in the reply. This one means that the chunk did not arrive or was not understood.
            raise WorkerError(f"a worker could not run a chunk: {last_line(error)}") from error
        except ray.exceptions.RayError as error:
            self._deaths.on_death(work, worker, self._pool, error)
            return
        worker.sent.popleft()
        worker.since = perf_counter()
        *answer, megabytes = reply
        self._pool.watch_memory(worker, megabytes)
        self._accept(work, sent.chunk, answer)

    def _accept(self, work: Work | None, chunk: Chunk, reply: Any) -> None:
        answer, error, seconds = reply
        chunk.copies -= 1
        self._counts.busy_seconds += seconds
        self._counts.recent.seconds.append(seconds)
        chunk.cost.observe(chunk.units, seconds)
        if chunk.settled or work is None:
            return
        chunk.settled = True
        if error is not None:
            raise error
        work.fill(self._task, chunk.pieces, answer)

    # Time limits

    def _deadline(self, worker: Worker) -> float:
        if any(not sent.chunk.settled for sent in worker.sent):
            return worker.since + self._options.timeout_seconds
        # Wait longer for a long chunk, because a new worker would have to start.
        patience = max(_ABANDONED_SECONDS, _LATE_FACTOR * (_expected_seconds(worker) or 0.0))
        return worker.since + min(self._options.timeout_seconds, patience)

    def _seconds_to_next_check(self) -> float:
        now = perf_counter()
        busy = [worker for worker in self._pool if worker.sent]
        times = [self._deadline(worker) for worker in busy]
        if any(worker.idle for worker in self._pool):
            times += [late for worker in busy if (late := _late_at(worker)) > now]
        return min(max(min(times, default=now + 1) - now, 0.001), 1.0)

    def _check_time(self, work: Work) -> None:
        now = perf_counter()
        for worker in [worker for worker in self._pool if worker.sent]:
            if now > self._deadline(worker) and not _answered(worker.sent[0].reference):
                self._counts.timeouts += 1
                self._deaths.on_death(work, worker, self._pool, None)
        if not self._pool.live:
            waited = now - min(worker.since for worker in self._pool)
            if waited > self._options.start_seconds:
                raise WorkerError(f"none of {len(self._pool)} workers started within {waited:.0f} s")


def _expected_seconds(worker: Worker) -> float | None:
    """Expected time of the worker's running chunk; None before any was measured."""
    chunk = worker.sent[0].chunk
    return chunk.cost.expected_seconds(chunk.units)


def _takes_another(worker: Worker) -> bool:
    """True if queueing a chunk behind the running one saves the worker a wait."""
    if worker.starting is not None or worker.outgrown or not 0 < len(worker.sent) < _CHUNKS_PER_WORKER:
        return False
    return not worker.sent[0].chunk.suspect and (_expected_seconds(worker) or 0.0) < _AHEAD_SECONDS


def _late_at(worker: Worker) -> float:
    expected = _expected_seconds(worker)
    return float("inf") if expected is None else worker.since + max(_LATE_SECONDS, _LATE_FACTOR * expected)


def _answered(reference: Any, seconds: float = 0) -> bool:
    """True if the call behind ``reference`` ends without an error within ``seconds``."""
    import ray

    if not ray.wait([reference], timeout=seconds)[0]:
        return False
    try:
        ray.get(reference)
    except ray.exceptions.RayError:
        return False
    return True
