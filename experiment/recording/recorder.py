"""The record of a run's generations: metrics, TensorBoard events, its best network, a checkpoint."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import inf
from time import perf_counter, process_time
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from configs.schema import LoggingConfig
from envs.task import Returns
from evolution.protocol import AskTell, Found, Request, Summary
from experiment.recording.tensorboard import Events
from experiment.recording.trackers import Tracking
from storage.checkpoint import disk_error
from storage.run_directory import RunDirectory
from storage.snapshots import Snapshot, is_due, save_snapshot
from wann.gradients import GradientRequest, Gradients
from wann.network import Networks
from workers.blame import TaskError
from workers.evaluator import Evaluator, WorkerError
from workers.statistics import of_one_generation

LOGGER = logging.getLogger(__name__)

_TENSORBOARD_KEYS = (
    "best_mean_return",
    "best_max_return",
    "best_num_connections",
    "median_num_connections",
    "num_unique",
    "num_failed",
    "env_steps",
    "steps_per_second",
)


@dataclass(frozen=True)
class Totals:
    """Cumulative figures of a run. On a resume they continue from the checkpoint."""

    env_steps: int = 0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0  # of this process


class _Noting:
    """An evaluator that records the task's reasons for episodes without a return."""

    def __init__(self, evaluator: Evaluator, failures: dict[str, str]) -> None:
        self._evaluator, self._failures = evaluator, failures

    def evaluate(self, networks: Networks, weights: NDArray[np.float64], seeds: NDArray[np.int64]) -> Returns:
        returns = self._evaluator.evaluate(networks, weights, seeds)
        self._failures.update(returns.failures)
        return returns

    def gradients(
        self, requests: Sequence[GradientRequest], weights: NDArray[np.float64], seeds: NDArray[np.int64]
    ) -> list[Gradients]:
        return self._evaluator.gradients(requests, weights, seeds)


class Recorder:
    """Keeps the files of one run in step with its search; a context manager.

    Entering it restores ``search`` from the run's newest checkpoint. Later metrics and events are dropped, because they
    are computed again.
    """

    def __init__(self, run: RunDirectory, search: AskTell, config: LoggingConfig) -> None:
        self._run = run
        self._search = search
        self._config = config
        self._totals = Totals()
        self._newest: Mapping[str, Any] | None = None
        self.failures: dict[str, str] = {}  # an example of each kind of episode without a return
        self._events: Events | None = None
        self._tracking: Tracking | None = None
        self._last, self._last_cpu = perf_counter(), process_time()
        self._evaluate_seconds = 0.0
        self._env_steps = 0
        self._workers: Mapping[str, float] | None = None  # their statistics when the generation began
        self._unsaved = False
        self._saved = -inf  # when the last checkpoint was written by this process; its first one may be at once

    def __enter__(self) -> Self:
        checkpoint = self._run.load_checkpoint()
        if checkpoint is not None:
            self._search.restore(checkpoint.arrays, checkpoint.metadata)
            self._totals = Totals(**checkpoint.metadata["totals"])
        elif self._run.metrics_path.exists():
            LOGGER.warning("%s: found no checkpoint; the search starts from its first generation", self._run.path)
        kept = self._run.truncate_metrics(self._search.generation - 1)
        if kept and kept[-1]["generation"] == self._search.generation - 1:
            self._newest = kept[-1]
        self._last, self._last_cpu = perf_counter(), process_time()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._events is not None:
            with suppress(OSError):  # The error that ended the run already reports a fault of the disk.
                self._events.close()
        if self._tracking is not None:
            self._tracking.close()
        # Save after a stop or a failure of the task or the workers. After other errors the search may be between two
        # generations, or the disk may be full.
        if self._unsaved and (kind is None or issubclass(kind, TaskError | WorkerError)):
            self._save()

    @property
    def newest(self) -> Mapping[str, Any] | None:
        """The line of metrics of the last finished generation; None if there is none, or it is lost."""
        return self._newest

    def evaluate(self, evaluator: Evaluator, request: Request) -> Found:
        """The returns, or gradients, of a round. Its time and steps are added to those of the generation."""
        if self._workers is None:  # another run may have used the workers before
            self._workers = evaluator.statistics()
        begin = perf_counter()
        answer = request.answered_by(_Noting(evaluator, self.failures))
        self._evaluate_seconds += perf_counter() - begin
        self._env_steps += answer.steps
        return answer.found

    def record(self, summary: Summary, workers: Mapping[str, float]) -> dict[str, Any]:
        """Record the generation of ``summary`` with all its rounds, and return its line of metrics.

        ``workers`` are the evaluator's `statistics` after the generation.
        """
        now, cpu = perf_counter(), process_time()
        seconds, self._last = now - self._last, now
        cpu_seconds, self._last_cpu = cpu - self._last_cpu, cpu
        evaluate_seconds, self._evaluate_seconds = self._evaluate_seconds, 0.0
        env_steps, self._env_steps = self._env_steps, 0
        so_far = self._totals
        self._totals = Totals(
            so_far.env_steps + env_steps, so_far.wall_seconds + seconds, so_far.cpu_seconds + cpu_seconds
        )
        line = {
            **{key: figure for key, figure in asdict(summary).items() if figure is not None},
            "env_steps": self._totals.env_steps,
            "evaluate_seconds": evaluate_seconds,
            "evolve_seconds": seconds - evaluate_seconds,
            "wall_seconds": self._totals.wall_seconds,
            "cpu_seconds": self._totals.cpu_seconds,
            **of_one_generation(self._workers or {}, workers),
        }
        self._workers = workers
        self._run.append_metrics(line)
        if self._config.tensorboard:
            self._write_events({**line, "steps_per_second": env_steps / max(evaluate_seconds, 1e-9)})
        if self._config.tracker is not None:
            self._tracking = self._tracking or Tracking(self._run, self._config.tracker)
            self._tracking.add(line)
        self._newest = line
        self._unsaved = True
        generation = self._search.generation
        if is_due(generation) and self._search.best is not None:
            save_snapshot(self._run, Snapshot(generation, self._search.best, summary.best_mean_return))
        # The last generation is saved on exit in any case.
        if generation % self._config.checkpoint_every == 0 and now - self._saved >= self._config.checkpoint_seconds:
            self._save()
        return line

    def _save(self) -> None:
        arrays, metadata = self._search.state()
        self._run.save_checkpoint(arrays, {**metadata, "totals": asdict(self._totals)})
        self._unsaved = False
        self._saved = perf_counter()

    def _write_events(self, line: Mapping[str, Any]) -> None:
        step = line["generation"]
        try:
            if self._events is None:
                self._events = Events(self._run.path, first_step=step)
            shown = (*_TENSORBOARD_KEYS, *(key for key in line if key.startswith("worker_")))
            self._events.add(step, {key: line[key] for key in shown})
        except OSError as error:
            raise disk_error(self._run.path, self._run.path / "events", error) from error
