"""The Ray evaluator: one actor per CPU, chunks by measured cost, and no result lost when a worker dies.

Evaluation is idempotent, so a chunk may run any number of times on any worker. The first result is used and stored by
index. Hence the bytes do not depend on workers, chunks, order or deaths.

`workers.ray.partition` divides a request into chunks, `workers.ray.dispatch` sends them and receives the answers,
`workers.ray.deaths` finds the networks that kill their workers, and `workers.ray.worker_pool` holds the workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from types import TracebackType
from typing import Self

from numpy.typing import ArrayLike, NDArray

from envs.task import Returns, Seeds, Weights, episodes_together, is_safe_at_home, modules_of, weights_of_one
from wann.gradients import GradientRequest, Gradients
from wann.network import Network, Networks
from workers.blame import evaluate_or_locate, gradients_or_locate, request_shape
from workers.evaluable import EvaluableTask, task_or_oracle
from workers.evaluator import WorkerError
from workers.failures import FailureLog
from workers.ray.chunks import CostModel, cost_units
from workers.ray.cluster import RaySession, connect
from workers.ray.deaths import Deaths
from workers.ray.dispatch import Dispatcher
from workers.ray.evaluation_work import EvaluationWork
from workers.ray.gradient_work import GradientWork, gradient_units
from workers.ray.options import RayOptions
from workers.ray.partition import chunks_of, num_blocks, single_pieces
from workers.ray.shipping import pack
from workers.ray.worker_pool import WorkerPool
from workers.statistics import WorkerCounts


class RayEvaluator:
    """Evaluates on Ray actors; see `workers.evaluator.Evaluator`. Entering its context starts them.

    Args:
        task: the task to evaluate on; it is sent once to each worker.
        options: see `RayOptions`.

    Attributes:
        options: as given.

    Raises:
        UserError: on entering, there is no cluster at the address; in any call, a node lacks something the task needs.
        WorkerError: on entering, Ray does not start.
    """

    def __init__(self, task: EvaluableTask, options: RayOptions | None = None) -> None:
        self._task, self.options = task, options or RayOptions()
        self._costs = {kind: CostModel() for kind in ("evaluate", "oracle", "gradients")}
        self._counts = WorkerCounts()
        self._failures = FailureLog()
        self._deaths = Deaths(task.name, self.options.max_attempts, self._counts)
        self._connection: RaySession | None = None
        self._pool: WorkerPool | None = None

    def __enter__(self) -> Self:
        options = self.options
        self._connection = connect(
            options.num_workers,
            options.address,
            options.on_gpus,
            options.parallel,
            options.runtime_env,
            modules_of(self._task),
        )
        try:
            shipment = pack(self._task, self._connection.elsewhere)
            actor_class = options.actor_class_of(self._connection)
            limits = options.growth_megabytes, options.max_attempts
            self._pool = WorkerPool(self._connection, shipment, self._task.name, actor_class, *limits)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, and Ray if it was started or joined here."""
        if self._connection is None:
            return
        if self._pool is not None:
            self._pool.close()
        self._pool = None
        self._connection.close()
        self._connection = None

    @property
    def workers(self) -> WorkerPool:
        """The workers, while the evaluator's context is entered."""
        if self._pool is None:
            raise RuntimeError("a RayEvaluator runs inside a with statement, which starts and ends its workers")
        return self._pool

    @property
    def _dispatcher(self) -> Dispatcher:
        return Dispatcher(self._task.name, self.options, self.workers, self._deaths, self._counts)

    @property
    def description(self) -> str:
        if self._connection is None:
            return f"{self._task.name} on Ray, not started"
        count = len(self.workers)
        home = f"; requests under {self.options.home_seconds * 1000:g} ms in this process"
        return (
            f"{self._task.name} on {count} Ray worker{'s' * (count != 1)} ({self._connection.where}), "
            f"{self.options.device}{home if is_safe_at_home(self._task) else ''}"
        )

    def statistics(self) -> dict[str, float]:
        """See `workers.evaluator.Evaluator.statistics`. Busy is a share of the time in which requests were running."""
        pool, live = self.workers, self.workers.live
        return self._counts.figures(len(pool)) | {
            "worker_count": float(len(pool)),
            "worker_joined": float(pool.joined),
            "worker_left": float(pool.left),
            "worker_live": float(len(live)),
            "worker_nodes": float(len({worker.node for worker in live})),
            "worker_poisoned": float(len(self._deaths.poisoned)),
            **self._failures.figures(),
        }

    def actor_pids(self) -> list[int]:
        """Process ids of the workers that have started. Safe to call from another thread."""
        return [worker.pid for worker in list(self._pool.workers if self._pool else ()) if worker.pid]

    def wait_until_started(self, timeout_seconds: float | None = None) -> None:
        """Block until every worker has loaded its task. Not needed before `evaluate`.

        Raises:
            WorkerError: workers keep dying, or the time is up.
        """
        deadline = perf_counter() + (self.options.start_seconds if timeout_seconds is None else timeout_seconds)
        while len(self.workers.live) < len(self.workers):
            if perf_counter() > deadline:
                raise WorkerError("the workers did not start in time")
            self._dispatcher.receive(None, 0.1)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """See `workers.evaluator.Evaluator.evaluate`. A poisoned network has NaN values and 0 steps.

        Raises:
            TaskError: the task raised, or broke its contract.
            WorkerError: no worker can be started.
            ValueError: weights or seeds have a wrong shape.
        """
        return self._failures.noted(self._evaluate(networks, weights, seeds, oracle=False))

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """See `workers.evaluator.Evaluator.evaluate_oracle`; raises as `evaluate` does."""
        return self._failures.noted(self._evaluate(Networks.of([network]), weights_of_one(weights), seeds, oracle=True))

    def gradients(self, requests: Sequence[GradientRequest], weights: NDArray, seeds: Seeds) -> list[Gradients]:
        """See `workers.evaluator.Evaluator.gradients`; raises as `evaluate` does. A poisoned genome has none."""
        cost = self._costs["gradients"]
        cost.begin_request()
        # A single genome is one piece of work, and a worker would not be faster than this process.
        if self._may_run_at_home(None if len(requests) > 1 else 0.0):
            begin = perf_counter()
            found = gradients_or_locate(self._task, requests, weights, seeds)
            cost.observe(float(gradient_units(requests).sum()), perf_counter() - begin)
            self._counts.at_home += 1
            return found
        work = GradientWork(requests, weights, seeds, cost)
        self._deaths.give_up_poisoned(work, len(requests))
        self._dispatcher.run(work, single_pieces(work))
        return work.found

    def _evaluate(self, networks: Networks, weights: Weights, seeds: Seeds, oracle: bool) -> Returns:
        shape = request_shape(networks, weights, seeds)
        if not len(networks):
            return evaluate_or_locate(task_or_oracle(self._task, oracle), networks, weights, seeds)
        cost = self._costs["oracle" if oracle else "evaluate"]
        cost.begin_request()
        sizes = len(networks), shape[1] * shape[2]
        expected = cost.expected_seconds(float(cost_units(networks, sizes[1]).sum()))
        at_home = self._may_run_at_home(expected)
        num_workers, together = len(self.workers), episodes_together(task_or_oracle(self._task, oracle))
        parts = 1 if at_home else num_blocks(self.options, num_workers, *sizes, expected, together)
        work = EvaluationWork(networks, weights, seeds, oracle, shape, cost, parts)
        self._deaths.give_up_poisoned(work, len(networks))
        if at_home:
            return self._evaluate_at_home(work)
        self._dispatcher.run(work, chunks_of(work, self.options, num_workers, together))
        return work.returns

    def _may_run_at_home(self, expected_seconds: float | None) -> bool:
        safe = is_safe_at_home(self._task) and not self._counts.deaths
        return safe and expected_seconds is not None and expected_seconds < self.options.home_seconds

    def _evaluate_at_home(self, work: EvaluationWork) -> Returns:
        begin = perf_counter()
        task = task_or_oracle(self._task, work.oracle)
        returns = evaluate_or_locate(task, work.networks, work.weights, work.seeds)
        work.cost.observe(float(work.units.sum()), perf_counter() - begin)
        self._counts.at_home += 1
        return returns
