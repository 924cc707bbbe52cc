"""Making the parts of a run from a plain config: its task, its evaluator, and the behaviour for safe mutations."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self, cast

from rich.console import Console

from configs import Config
from envs.playing import Behaviour
from envs.registry import TASKS, declared_options, make_task
from envs.task import Playable, Task, options_of
from wann.errors import UserError
from wann.kernels.jit import is_first_use
from workers.evaluator import Evaluator
from workers.registry import EvaluatorOptions, make_evaluator

# Makes the task of a plain config.
TaskOf = Callable[[Config], Task]


def task_of(config: Config) -> Task:
    """The task that a plain config names.

    Raises:
        UserError: an unknown task, or a wrong option.
    """
    return make_task(config.task.name, config.task.options)


def section_of(task: Task) -> dict[str, Any]:
    """The ``task`` section of a config for a task object: its name, and the options that JSON can hold.

    The name is that of the registry or ``module:Class``, so that other processes can make the task too. If its class
    cannot be imported, it is the object's own name.
    """
    kind = type(task)
    known = declared_options(kind)
    options = {name: value for name, value in options_of(task).items() if name in known and _is_plain(value)}
    registered = [name for name, each in TASKS.items() if each is kind]
    importable = kind.__module__ != "__main__" and "." not in kind.__qualname__
    return {"name": (registered or [f"{kind.__module__}:{kind.__name__}" if importable else task.name])[0], **options}


def variants_of(task: Task) -> TaskOf:
    """The tasks of a run that was given this one: it, with the options changed by a plain config, such as a stage's."""
    own = section_of(task)

    def of(config: Config) -> Task:
        changes = {name: value for name, value in config.task.options.items() if own.get(name) != value}
        return cast(Task, replace(cast(Any, task), **changes)) if changes else task

    return of


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def behaviour_of(config: Config, task: Task) -> Behaviour | None:
    """The behaviour that safe mutations are chosen by; None if the config does not ask for them.

    Raises:
        UserError: the task's networks cannot be observed.
    """
    if config.search.safe_mutation is None:
        return None
    if not isinstance(task, Playable):
        expected = "a task with an environment to play in"
        raise UserError(key="search.safe_mutation", expected=expected, found=repr(task.name))
    return Behaviour(task)


@dataclass(frozen=True)
class Share:
    """The share of one of ``parallel`` searches in the workers, which are those of the Ray at ``address`` if given."""

    parallel: int = 1
    address: str | None = None

    def __str__(self) -> str:
        return f"{self.parallel}@{self.address}" if self.address else str(self.parallel)

    @classmethod
    def parse(cls, text: str) -> Share:
        """Parse a text made by `str`.

        Raises:
            ValueError: any other text.
        """
        parallel, _, address = text.partition("@")
        return cls(int(parallel), address or None)


def evaluator_of(config: Config, task: Task, share: Share | None = None) -> Evaluator:
    """The evaluator of the ``workers`` section. It is started by entering its context."""
    workers, share = config.workers, share or Share()
    return make_evaluator(
        task,
        EvaluatorOptions(
            workers.evaluator,
            num_workers=workers.num_workers,
            device=workers.device,
            device_megabytes=workers.device_megabytes,
            address=share.address or workers.address,
            timeout_seconds=workers.timeout_seconds,
            parallel=share.parallel,
            runtime_env=workers.runtime_env,
        ),
    )


class Evaluators:
    """Starts evaluators for one task at a time, as the ``workers`` section of a config says; a context manager.

    Stages, restarts and replicates with equal tasks share one evaluator, because starting one takes seconds.

    Args:
        config: of the whole run.
        console: where to report what was started.
        share: the share of the workers to use; all of them by default.
        tasks: makes the task of a plain config.
    """

    def __init__(self, config: Config, console: Console, share: Share | None = None, tasks: TaskOf = task_of) -> None:
        self.task_of = tasks
        self._config = config
        self._share = share
        self._console = console
        self._open = ExitStack()
        self._task: Task | None = None
        self._evaluator: Evaluator | None = None
        self._told: set[str] = set()

    def on(self, task: Task) -> Evaluator:
        """The evaluator of a task. The evaluator of any other task is closed."""
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
