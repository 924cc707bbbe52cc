"""The evaluators of a run: of one task at a time, started when it is first needed."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from rich.console import Console

from configs import Config
from envs.task import Task
from experiment.opening import Share, evaluator_of
from wann.kernels.jit import is_first_use
from workers.evaluator import Evaluator


class Evaluators:
    """Starts evaluators as the ``workers`` section of a config says, and tells of it; a context manager.

    Stages, restarts and replicates with equal tasks share one, as starting it takes seconds. A ``share`` of workers
    takes the place of the whole of them.
    """

    def __init__(self, config: Config, console: Console, share: Share | None = None) -> None:
        self._config = config
        self._share = share
        self._console = console
        self._open = ExitStack()
        self._task: Task | None = None
        self._evaluator: Evaluator | None = None
        self._told: set[str] = set()

    def on(self, task: Task) -> Evaluator:
        """The evaluator of a task; that of any other task is ended."""
        if self._evaluator is None or task != self._task:
            self._evaluator = None
            self._open.close()
            self._evaluator = self._open.enter_context(evaluator_of(self._config, task, self._share))
            self._task = task
            self._tell(f"Task: {task.name}, simulated by {task.simulated_by}")
            self._tell(f"Workers: {self._evaluator.description}")
            if is_first_use():
                self._tell("Compiling kernels, once on this machine: about half a minute")
        return self._evaluator

    def _tell(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._evaluator = None
        self._open.__exit__(kind, error, trace)
