"""The Ray evaluator: one actor per CPU, chunks by measured cost, and no result lost to a dying worker.

Evaluation is idempotent, so a chunk may run any number of times, anywhere; the first result wins and is
put back by index. Hence the bytes do not depend on workers, chunks, order or deaths.

Who is to blame for a death. A chunk whose worker died is *suspect*: it is cut smaller and sent again,
always alone to an idle worker that has answered just before. Only if such a worker dies running a single
network does that network get a strike, or if it runs into the time limit. At ``max_attempts`` strikes it
is poisoned: NaN, zero steps, a warning, and never run again. Losing a node is nobody's fault.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from time import perf_counter
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.task import Returns, Seeds, Task, Weights, is_safe_at_home, weights_of_one
from wann.gradients import GradientRequest, Gradients
from wann.network import Network, Networks
from workers.evaluator import WorkerError, evaluate_or_locate, gradients_or_locate, request_shape, task_or_oracle
from workers.ray.actors import Crew, last_line
from workers.ray.chunks import CostModel, cost_units, cut
from workers.ray.cluster import RaySession, Worker, connect, is_node_lost, logger, make_actor_class
from workers.ray.evaluations import Request
from workers.ray.gradients import GradientWork, gradient_units
from workers.ray.shipping import pack
from workers.ray.work import Chunk, Job, Work
from workers.statistics import ChunkTimes

# A running chunk and one behind it, so that a worker need not wait for the driver: some milliseconds. Behind a
# chunk that takes longer than that matters, the second would only wait, while other workers may be idle.
_JOBS_PER_WORKER = 2
_AHEAD_SECONDS = 0.1
# Parts of the work for each worker that can be told apart: what a part costs is known when it is done, not before.
_PARTS_PER_WORKER = 8
# Chunks per worker while what they cost is unknown.
_BLIND_CHUNKS = 4
# A suspect chunk is cut into this many.
_SPLIT = 8
# An idle worker that is asked for a sign of life gives it within milliseconds.
_SIGN_SECONDS = 2.0
# A chunk is late when it takes this many times as long as expected, and at least so many seconds.
_LATE_FACTOR = 4.0
_LATE_SECONDS = 0.25
# A worker still busy with what nobody wants any more is replaced after so many seconds.
_ABANDONED_SECONDS = 10.0


class RayEvaluator:
    """Evaluates on Ray actors; see `workers.evaluator.Evaluator`. Entering its context starts them.

    Args:
        task: what to evaluate on; it is shipped once to each worker.
        num_workers: None for one per CPU; of a cluster that grows or shrinks, as many as it has at the time.
        address: of the cluster to join; None starts Ray on this machine, unless it runs already.
        chunk_seconds: work that a chunk is at least worth.
        home_seconds: requests expected to take less run in this process, where sending costs more than it
            saves. Only for tasks that say they are ``safe_at_home``, and not after a worker has died: what
            can kill or hang a worker is kept away from this process.
        timeout_seconds: for one chunk; its worker is killed, which counts as a death.
        start_seconds: for the first worker to start.
        max_attempts: deaths of workers running a network alone after which it is poisoned.
        growth_megabytes: memory beyond twice what it held after its first chunk with which a worker is replaced by
            a new one: simulators leak.
        device: in words, for `description`.
        on_gpus: whether each worker needs a share of a GPU; then ``num_workers`` None is one per GPU.
        parallel: searches that share these workers; this one starts its part of them.
        runtime_env: further settings of Ray's ``runtime_env``.
        actor_class_of: makes what runs on the workers, for a session; see `workers.ray.cluster.make_actor_class`.

    Raises:
        UserError: on entering, no cluster at ``address``; in any call, a node that lacks what the task needs.
        WorkerError: on entering, Ray does not start.
    """

    def __init__(
        self,
        task: Task,
        num_workers: int | None = None,
        address: str | None = None,
        chunk_seconds: float = 0.01,
        home_seconds: float = 0.01,
        timeout_seconds: float = 600.0,
        start_seconds: float = 300.0,
        max_attempts: int = 3,
        growth_megabytes: float = 500.0,
        device: str = "CPU",
        on_gpus: bool = False,
        parallel: int = 1,
        runtime_env: Mapping[str, Any] | None = None,
        actor_class_of: Callable[[RaySession], Any] = make_actor_class,
    ) -> None:
        self._task = task
        self._parallel, self._runtime_env = parallel, runtime_env or {}
        self._on_gpus, self._actor_class_of = on_gpus, actor_class_of
        self._num_workers, self._address = num_workers, address
        self._chunk_seconds, self._home_seconds = chunk_seconds, home_seconds
        self._timeout_seconds, self._start_seconds = timeout_seconds, start_seconds
        self._longest_seconds = timeout_seconds / 10  # that a chunk is expected to take: machines may be busy
        self._max_attempts = max_attempts
        self._growth_megabytes = growth_megabytes
        self._device = device
        self._costs = {kind: CostModel() for kind in ("evaluate", "oracle", "gradients")}
        self._poisoned: set[tuple[int, bytes]] = set()
        self._counts = dict.fromkeys(
            ("chunks", "retries", "stragglers", "deaths", "timeouts", "at_home", "outgrown"), 0
        )
        self._busy_seconds = 0.0
        self._since_last = ChunkTimes()
        self._connection: RaySession | None = None
        self._crew: Crew | None = None

    def __enter__(self) -> Self:
        self._connection = connect(self._num_workers, self._address, self._on_gpus, self._parallel, self._runtime_env)
        try:
            shipment = pack(self._task, self._connection.elsewhere)
            name, actor_class = self._task.name, self._actor_class_of(self._connection)
            limits = self._growth_megabytes, self._max_attempts
            self._crew = Crew(self._connection, shipment, name, actor_class, *limits)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, and Ray where it was started or joined here."""
        if self._connection is None:
            return
        if self._crew is not None:
            self._crew.close()
        self._crew = None
        self._connection.close()
        self._connection = None

    @property
    def _workers(self) -> Crew:
        if self._crew is None:
            raise RuntimeError("a RayEvaluator runs inside a with statement, which starts and ends its workers")
        return self._crew

    @property
    def description(self) -> str:
        if self._connection is None:
            return f"{self._task.name} on Ray, not started"
        count = len(self._workers)
        home = f"; requests under {self._home_seconds * 1000:g} ms in this process"
        return (
            f"{self._task.name} on {count} Ray worker{'s' * (count != 1)} ({self._connection.where}), {self._device}"
            f"{home if is_safe_at_home(self._task) else ''}"
        )

    def statistics(self) -> dict[str, float]:
        """See `workers.evaluator.Evaluator.statistics`; busy is a share of the time while requests were out."""
        recent, self._since_last = self._since_last, ChunkTimes()
        crew, live = self._workers, self._workers.live
        counts = {f"worker_{name}": float(count) for name, count in self._counts.items()}
        return (
            counts
            | recent.figures(len(crew))
            | {
                "worker_count": float(len(crew)),
                "worker_joined": float(crew.joined),
                "worker_left": float(crew.left),
                "worker_live": float(len(live)),
                "worker_nodes": float(len({worker.node for worker in live})),
                "worker_poisoned": float(len(self._poisoned)),
                "worker_busy_seconds": self._busy_seconds,
            }
        )

    def actor_pids(self) -> list[int]:
        """Process ids of the workers that have started. Safe to call from another thread."""
        return [worker.pid for worker in list(self._crew.workers if self._crew else ()) if worker.pid]

    def wait_until_started(self, timeout_seconds: float | None = None) -> None:
        """Block until every worker has loaded its task; not needed before `evaluate`.

        Raises:
            WorkerError: they keep dying, or time is up.
        """
        deadline = perf_counter() + (self._start_seconds if timeout_seconds is None else timeout_seconds)
        while len(self._workers.live) < len(self._workers):
            if perf_counter() > deadline:
                raise WorkerError("the workers did not start in time")
            self._receive(None, 0.1)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """See `workers.evaluator.Evaluator.evaluate`. A poisoned network has NaN values and 0 steps.

        Raises:
            TaskError: the task raised, or broke its contract.
            WorkerError: no worker can be started.
            ValueError: weights or seeds of a wrong shape.
        """
        return self._evaluate(networks, weights, seeds, oracle=False)

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """See `workers.evaluator.Evaluator.evaluate_oracle`; raises as `evaluate` does."""
        return self._evaluate(Networks.of([network]), weights_of_one(weights), seeds, oracle=True)

    def gradients(self, requests: Sequence[GradientRequest], weights: NDArray, seeds: Seeds) -> list[Gradients]:
        """See `workers.evaluator.Evaluator.gradients`; raises as `evaluate` does. A poisoned genome has none."""
        cost = self._costs["gradients"]
        cost.begin_request()
        # One genome is one piece of work, and no worker would be faster than this process.
        if self._may_run_at_home(None if len(requests) > 1 else 0.0):
            begin = perf_counter()
            found = gradients_or_locate(self._task, requests, weights, seeds)
            cost.observe(float(gradient_units(requests).sum()), perf_counter() - begin)
            self._counts["at_home"] += 1
            return found
        work = GradientWork(requests, weights, seeds, cost)
        self._give_up_poisoned(work, len(requests))
        self._run_on_workers(work, _singles(work))
        return work.found

    def _evaluate(self, networks: Networks, weights: Weights, seeds: Seeds, oracle: bool) -> Returns:
        shape = request_shape(networks, weights, seeds)
        if not len(networks):
            return evaluate_or_locate(task_or_oracle(self._task, oracle), networks, weights, seeds)
        cost = self._costs["oracle" if oracle else "evaluate"]
        cost.begin_request()
        expected = cost.expected_seconds(float(cost_units(networks, shape[1] * shape[2]).sum()))
        at_home = self._may_run_at_home(expected)
        num_blocks = 1 if at_home else self._num_blocks(len(networks), expected)
        request = Request(networks, weights, seeds, oracle, shape, cost, num_blocks)
        self._give_up_poisoned(request, len(networks))
        return self._evaluate_at_home(request) if at_home else self._evaluate_on_workers(request)

    def _may_run_at_home(self, expected_seconds: float | None) -> bool:
        safe = is_safe_at_home(self._task) and not self._counts["deaths"]
        return safe and expected_seconds is not None and expected_seconds < self._home_seconds

    def _give_up_poisoned(self, work: Work, count: int) -> None:
        for row in range(count) if self._poisoned else ():
            if work.identity(row) in self._poisoned:
                work.give_up(row)

    def _num_blocks(self, num_networks: int, expected_seconds: float | None) -> int:
        """So many that workers can be evened out by parts that are worth sending, and are far from the time limit."""
        workers = len(self._workers)
        if expected_seconds is None:
            return max(1, _BLIND_CHUNKS * workers // num_networks)
        parts = min(_PARTS_PER_WORKER * workers, int(expected_seconds / self._chunk_seconds))
        return max(1, ceil(parts / num_networks), ceil(expected_seconds / num_networks / self._longest_seconds))

    def _evaluate_at_home(self, request: Request) -> Returns:
        begin = perf_counter()
        task = task_or_oracle(self._task, request.oracle)
        returns = evaluate_or_locate(task, request.networks, request.weights, request.seeds)
        request.cost.observe(float(request.units.sum()), perf_counter() - begin)
        self._counts["at_home"] += 1
        return returns

    def _evaluate_on_workers(self, request: Request) -> Returns:
        self._run_on_workers(request, self._cut(request))
        return request.returns

    def _run_on_workers(self, work: Work, chunks: list[Chunk]) -> None:
        begin = perf_counter()
        work.fresh.extend(chunks)
        try:
            while work.missing.any():
                self._workers.follow_the_cluster()
                self._dispatch(work)
                self._receive(work, self._seconds_to_next_check())
                self._check_time(work)
        finally:
            # Whatever ended this call, answers that are still to come are of no use to the next.
            for worker in self._workers:
                for job in worker.jobs:
                    job.chunk.settled = True
            self._since_last.sent_seconds += perf_counter() - begin

    def _cut(self, work: Request) -> list[Chunk]:
        pieces = np.flatnonzero(work.missing)
        units, blocks = work.units[pieces], work.block_numbers(pieces)
        count, total = len(self._workers), float(units.sum())
        expected = work.cost.expected_seconds(total)
        smallest = largest = total / (_BLIND_CHUNKS * count)
        if expected:
            largest = total * self._longest_seconds / expected
            smallest = min(total * self._chunk_seconds / expected, total / count, largest)
        return [work.chunk(pieces[part]) for part in cut(units, count, smallest, largest, kinds=blocks)]

    # Sending

    def _dispatch(self, work: Work) -> None:
        for worker in [worker for worker in self._workers if worker.idle and worker.outgrown]:
            self._counts["outgrown"] += 1
            self._workers.replace(worker)
        late = self._late_chunks()
        for worker in [worker for worker in self._workers if worker.idle]:
            queue = work.suspects or work.fresh
            chunk = queue.popleft() if queue else next(late, None)
            if chunk is not None:
                self._send(work, chunk, worker)
        for worker in self._workers if work.fresh else ():
            if self._takes_another(worker) and work.fresh:
                self._send(work, work.fresh.popleft(), worker)

    def _takes_another(self, worker: Worker) -> bool:
        """Whether a chunk behind the one that it runs spares it a wait."""
        if worker.starting is not None or worker.outgrown or not 0 < len(worker.jobs) < _JOBS_PER_WORKER:
            return False
        chunk = worker.jobs[0].chunk
        return not chunk.suspect and (chunk.cost.expected_seconds(chunk.units) or 0.0) < _AHEAD_SECONDS

    def _send(self, work: Work, chunk: Chunk, worker: Worker) -> None:
        # Before the chunk, not with it: a genome that kills at once would take the sign with it.
        was_alive = chunk.suspect and _answered(worker.actor.ping.remote(), _SIGN_SECONDS)
        if not worker.jobs:
            worker.since = perf_counter()
        reference = worker.actor.evaluate.remote(work.chunk_bytes(chunk.pieces), work.shared)
        worker.jobs.append(Job(chunk, reference, was_alive))
        chunk.copies += 1
        self._counts["chunks"] += 1

    def _late_chunks(self) -> Iterator[Chunk]:
        """Chunks stuck on slow workers, for idle ones to try."""
        now = perf_counter()
        for worker in self._workers:
            if worker.jobs and now >= self._late_at(worker):
                for chunk in [job.chunk for job in worker.jobs]:
                    if not chunk.settled and not chunk.suspect and chunk.copies == 1:
                        self._counts["stragglers"] += 1
                        yield chunk

    def _late_at(self, worker: Worker) -> float:
        chunk = worker.jobs[0].chunk
        expected = chunk.cost.expected_seconds(chunk.units)
        return float("inf") if expected is None else worker.since + max(_LATE_SECONDS, _LATE_FACTOR * expected)

    # Receiving

    def _receive(self, work: Work | None, timeout: float) -> None:
        """Wait for an answer of any worker, at most ``timeout`` seconds, and act on all that have come.

        Whatever takes longer the more workers there are is then done once for many answers, where answers are many.
        """
        import ray

        owners = {worker.starting: worker for worker in self._workers if worker.starting is not None}
        owners |= {worker.jobs[0].reference: worker for worker in self._workers if worker.jobs}
        done, others = ray.wait(list(owners), num_returns=1, timeout=timeout)
        if done and others:
            done += ray.wait(others, num_returns=len(others), timeout=0)[0]
        for reference in done:
            worker = owners[reference]
            if worker.starting is not None:
                self._workers.take_in(worker)
            else:
                self._on_answer(work, worker)

    def _on_answer(self, work: Work | None, worker: Worker) -> None:
        import ray

        job = worker.jobs[0]
        try:
            reply = pickle.loads(ray.get(job.reference))
        except ray.exceptions.RayTaskError as error:
            # Not the task's error, which travels in the reply: the chunk did not arrive or was not understood.
            raise WorkerError(f"a worker could not run a chunk: {last_line(error)}") from error
        except ray.exceptions.RayError as error:
            self._on_death(work, worker, error)
            return
        worker.jobs.popleft()
        worker.since = perf_counter()
        *answer, megabytes = reply
        self._workers.watch_memory(worker, megabytes)
        self._accept(work, job, answer)

    def _accept(self, work: Work | None, job: Job, reply: Any) -> None:
        answer, error, seconds = reply
        chunk = job.chunk
        chunk.copies -= 1
        self._busy_seconds += seconds
        self._since_last.seconds.append(seconds)
        chunk.cost.observe(chunk.units, seconds)
        if chunk.settled or work is None:
            return
        chunk.settled = True
        if error is not None:
            raise error
        work.fill(self._task.name, chunk.pieces, answer)

    # Deaths

    def _on_death(self, work: Work | None, worker: Worker, error: BaseException | None) -> None:
        """Replace the worker and send its jobs again; ``error`` is None if it was killed for taking too long."""
        import ray

        self._workers.await_head()
        jobs = list(worker.jobs)
        blameless = is_node_lost(worker, error) or isinstance(error, ray.exceptions.ActorUnavailableError)
        self._counts["deaths"] += 1
        self._workers.replace(worker)
        logger.warning(
            "worker %d %s; its work is sent again",
            worker.pid,
            "was killed for running beyond the time limit" if error is None else f"died ({_cause(error, blameless)})",
        )
        for position, job in enumerate(jobs):
            job.chunk.copies -= 1
            if job.chunk.settled or work is None:
                continue
            if position == 0 and not blameless:
                alone = len(jobs) == 1 and job.was_alive
                self._suspect(work, job.chunk, strike=error is None or alone)
            elif not job.chunk.copies:
                (work.suspects if job.chunk.suspect else work.fresh).append(job.chunk)
                self._counts["retries"] += 1

    def _suspect(self, work: Work, chunk: Chunk, strike: bool) -> None:
        chunk.suspect = True
        single = len(chunk.pieces) == 1
        chunk.strikes += single and strike
        if chunk.copies:  # Another worker is at it still.
            return
        if single and chunk.strikes >= self._max_attempts:
            self._poison(work, int(work.rows(chunk.pieces)[0]))
            return
        self._counts["retries"] += 1
        if single:
            work.suspects.append(chunk)
            return
        chunk.settled = True
        for part in np.array_split(chunk.pieces, min(_SPLIT, len(chunk.pieces))):
            work.suspects.append(work.chunk(part, suspect=True))

    def _poison(self, work: Work, row: int) -> None:
        work.give_up(row)
        self._poisoned.add(work.identity(row))
        logger.warning(
            "task %r: %d workers that ran one genome alone were killed or hung, and it is not run again: %s",
            self._task.name,
            self._max_attempts,
            work.describe(row),
        )

    # Time limits

    def _deadline(self, worker: Worker) -> float:
        if any(not job.chunk.settled for job in worker.jobs):
            return worker.since + self._timeout_seconds
        # A slow answer to a long chunk is worth waiting for: a new worker would have to start.
        chunk = worker.jobs[0].chunk
        expected = chunk.cost.expected_seconds(chunk.units) or 0.0
        return worker.since + min(self._timeout_seconds, max(_ABANDONED_SECONDS, _LATE_FACTOR * expected))

    def _seconds_to_next_check(self) -> float:
        now = perf_counter()
        busy = [worker for worker in self._workers if worker.jobs]
        times = [self._deadline(worker) for worker in busy]
        if any(worker.idle for worker in self._workers):
            times += [late for worker in busy if (late := self._late_at(worker)) > now]
        return min(max(min(times, default=now + 1) - now, 0.001), 1.0)

    def _check_time(self, work: Work) -> None:
        now = perf_counter()
        for worker in [worker for worker in self._workers if worker.jobs]:
            if now > self._deadline(worker) and not _answered(worker.jobs[0].reference):
                self._counts["timeouts"] += 1
                self._on_death(work, worker, None)
        if not self._workers.live:
            waited = now - min(worker.since for worker in self._workers)
            if waited > self._start_seconds:
                raise WorkerError(f"none of {len(self._workers)} workers started within {waited:.0f} s")


def _singles(work: Work) -> list[Chunk]:
    """A chunk for each piece."""
    return [work.chunk(np.array([piece])) for piece in np.flatnonzero(work.missing)]


def _answered(reference: Any, seconds: float = 0) -> bool:
    """Whether the call behind ``reference`` has ended by then, and well."""
    import ray

    if not ray.wait([reference], timeout=seconds)[0]:
        return False
    try:
        ray.get(reference)
    except ray.exceptions.RayError:
        return False
    return True


def _cause(error: BaseException, blameless: bool) -> str:
    return f"{type(error).__name__}, its node was lost or out of reach" if blameless else type(error).__name__
