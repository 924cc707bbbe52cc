"""The workers of one evaluator: as many as the cluster has room for. Those that die or grow are replaced."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from operator import attrgetter
from time import perf_counter, sleep
from typing import Any

from workers.evaluator import WorkerError
from workers.ray.actors import Worker, is_node_lost, kill_worker, settle, start_worker, started
from workers.ray.cluster import RaySession, head_answers, room
from workers.ray.shipping import Shipment

# Minimal time between two queries of the cluster's size. A query takes about a millisecond.
_LOOK_SECONDS = 1.0
# A head that has been gone for so long is considered lost. After a minute Ray would end this process without a message.
_HEAD_SECONDS = 30.0
# Time for starting actors to settle before they are killed. An actor that is killed just as Ray gives it a place keeps
# the place until the job ends; this happens to about one in a thousand.
_SETTLE_SECONDS = 5.0


class WorkerPool:
    """Starts a session's workers, and keeps their number at the cluster's capacity.

    Args:
        session: the session that workers run on.
        shipment: the start arguments of each worker.
        task: its name, for messages.
        actor_class: the class of each actor.
        growth_megabytes: see `workers.ray.options.RayOptions`.
        max_attempts: number of consecutive starts that may fail, or the number of workers if that is larger.

    Attributes:
        workers: starting or started. A worker that has left is no longer among them.
        joined: number of workers added later because the cluster grew.
        left: number of workers given up because it shrank.
    """

    def __init__(
        self,
        session: RaySession,
        shipment: Shipment,
        task: str,
        actor_class: Any,
        growth_megabytes: float,
        max_attempts: int,
    ) -> None:
        self._session, self._shipment, self._task = session, shipment, task
        self._growth_megabytes, self._max_attempts = growth_megabytes, max_attempts
        self._actor_class = actor_class
        self._failed_starts = 0
        self._headless_since: float | None = None
        self.joined = self.left = 0
        self.workers: list[Worker] = [self._start() for _ in range(session.num_workers)]
        self._next_look = perf_counter() + _LOOK_SECONDS

    def __len__(self) -> int:
        return len(self.workers)

    def __iter__(self) -> Iterator[Worker]:
        return iter(self.workers)

    def close(self) -> None:
        """End all workers. If Ray continues to run, those that are being placed are first allowed to settle."""
        if self._headless_since is None:  # Without a head, workers end by themselves.
            try:
                if not self._session.owned:
                    settle(self.waiting, _SETTLE_SECONDS)
            finally:
                for worker in self.workers:
                    kill_worker(self._session, worker)
        self.workers = []

    @property
    def live(self) -> list[Worker]:
        """The workers that have started."""
        return [worker for worker in self.workers if worker.starting is None]

    @property
    def waiting(self) -> list[Worker]:
        """The workers that have not started, latest first: if any has no place yet, the latest have none."""
        waiting = [worker for worker in self.workers if worker.starting is not None]
        return sorted(waiting, key=attrgetter("since"), reverse=True)

    def follow_the_cluster(self) -> None:
        """Start workers if nodes have joined, and give up waiting workers whose place has gone.

        Raises:
            WorkerError: Ray's head is lost.
        """
        now = perf_counter()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_SECONDS
        if not self._has_head(now):
            return
        difference = room(self._session) - len(self.workers)
        for _ in range(difference):
            self.workers.append(self._start())
        self.joined += max(0, difference)
        for worker in self.waiting[: max(0, -difference)]:
            kill_worker(self._session, worker)
            self.workers.remove(worker)
            self.left += 1

    def _has_head(self, now: float) -> bool:
        if head_answers(self._session):
            self._headless_since = None
            return True
        if self._headless_since is None:
            self._headless_since = now
        if (seconds := now - self._headless_since) > _HEAD_SECONDS:
            raise WorkerError(f"the Ray cluster's head at {self._session.head} has not answered for {seconds:.0f} s")
        return False

    def await_head(self) -> None:
        """Wait until Ray's head answers. Call this before operations that need the head.

        Raises:
            WorkerError: the head is lost.
        """
        while not self._has_head(perf_counter()):
            sleep(_LOOK_SECONDS)

    def replace(self, worker: Worker) -> None:
        """End a worker in any state, and start another in its place.

        Raises:
            WorkerError: Ray's head is lost.
        """
        self.await_head()
        kill_worker(self._session, worker)
        worker.sent = deque()
        self.workers[self.workers.index(worker)] = self._start()

    def take_in(self, worker: Worker) -> None:
        """Process a worker's first answer: it has started, or has died.

        Raises:
            WorkerError: it cannot load the task, or workers keep dying.
            UserError: its machine lacks something.
        """
        import ray

        try:
            worker.pid, worker.node = started(worker)
        except ray.exceptions.RayError as error:
            self.await_head()
            self._failed_starts += not is_node_lost(worker, error)
            if getattr(error, "actor_init_failed", False) or isinstance(error, ray.exceptions.RayTaskError):
                raise WorkerError(f"a worker cannot load task {self._task!r}: {last_line(error)}") from error
            if self._failed_starts >= max(self._max_attempts, len(self.workers)):
                raise WorkerError(
                    f"workers for task {self._task!r} died {self._failed_starts} times in a row while "
                    f"starting, before they were given any genome: {last_line(error)}"
                ) from error
            self.replace(worker)
            return
        worker.starting = None
        self._failed_starts = 0

    def watch_memory(self, worker: Worker, megabytes: float) -> None:
        """Mark a worker as outgrown if its ``megabytes`` are much more than after its first chunk."""
        if worker.first_megabytes is None:
            worker.first_megabytes = megabytes
        worker.outgrown = megabytes > 2 * worker.first_megabytes + self._growth_megabytes

    def _start(self) -> Worker:
        return start_worker(self._actor_class, self._session, self._shipment, perf_counter())


def last_line(error: BaseException) -> str:
    """The original message at the end of Ray's report."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
