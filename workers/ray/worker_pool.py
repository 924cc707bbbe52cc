"""The workers of one evaluator: as many as the cluster has room for, replaced where they die or grow."""

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

# The cluster is asked for its size at most so often: a question takes about a millisecond.
_LOOK_SECONDS = 1.0
# A head that is gone for so long stays away; after a minute Ray would end this process without a word of ours.
_HEAD_SECONDS = 30.0
# An actor that is killed just as Ray gives it a place keeps the place until the job ends: about one in a thousand.
_SETTLE_SECONDS = 5.0


class WorkerPool:
    """Starts a session's workers, and keeps their number at what there is room for.

    Args:
        session: they run on it.
        shipment: each starts with it.
        task: its name, for messages.
        actor_class: the class of each actor.
        growth_megabytes: see `workers.ray.options.RayOptions`.
        max_attempts: starts in a row that may fail, unless there are more workers.

    Attributes:
        workers: starting or started. A worker that has left is no longer among them.
        joined: workers that were added since the first, because the cluster grew.
        left: workers that were given up because it shrank.
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
        """End all workers; where Ray goes on, those that are on their way to a place get there first."""
        if self._headless_since is None:  # Without a head they end by themselves.
            try:
                if not self._session.owned:
                    settle(self.waiting, _SETTLE_SECONDS)
            finally:
                for worker in self.workers:
                    kill_worker(self._session, worker)
        self.workers = []

    @property
    def live(self) -> list[Worker]:
        """Those that have started."""
        return [worker for worker in self.workers if worker.starting is None]

    @property
    def waiting(self) -> list[Worker]:
        """Those that have not; first the latest, which have no place yet if any has none."""
        waiting = [worker for worker in self.workers if worker.starting is not None]
        return sorted(waiting, key=attrgetter("since"), reverse=True)

    def follow_the_cluster(self) -> None:
        """Start workers where nodes have joined; give up those that wait for a place that has gone.

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
        """Before what only Ray's head can tell or do, wait until it answers.

        Raises:
            WorkerError: it is lost.
        """
        while not self._has_head(perf_counter()):
            sleep(_LOOK_SECONDS)

    def replace(self, worker: Worker) -> None:
        """End a worker, whatever it does, and start another in its stead.

        Raises:
            WorkerError: Ray's head is lost.
        """
        self.await_head()
        kill_worker(self._session, worker)
        worker.sent = deque()
        self.workers[self.workers.index(worker)] = self._start()

    def take_in(self, worker: Worker) -> None:
        """Its first answer has come: it has started, or has died.

        Raises:
            WorkerError: it cannot load the task, or they keep dying.
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
        """Mark a worker that holds ``megabytes`` now as outgrown, if that is much more than after its first chunk."""
        if worker.first_megabytes is None:
            worker.first_megabytes = megabytes
        worker.outgrown = megabytes > 2 * worker.first_megabytes + self._growth_megabytes

    def _start(self) -> Worker:
        return start_worker(self._actor_class, self._session, self._shipment, perf_counter())


def last_line(error: BaseException) -> str:
    """The original message at the end of Ray's report."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
