"""The options of an inspection, and the checks of them before any work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from envs.registry import TASKS, task_class
from inspection.video import SUFFIXES
from inspection.weights import check_finite
from wann.errors import UserError

MOST_EPISODES = 100_000


@dataclass(frozen=True)
class InspectionOptions:
    """One inspection; see ``--help`` of the command."""

    path: str | None  # a run or a champion file
    out: str | None = None
    video: str | None = None
    export: tuple[str, ...] = ()
    published: str | None = None  # a file of the published format instead of ``path``
    task: str | None = None
    options: tuple[str, ...] = ()  # of the task, KEY=VALUE
    keep_weights: bool = False
    weight: float | None = None
    seed: int = 0
    episodes: int | None = None

    def check(self) -> None:
        """Refuse options that contradict each other, numbers out of range, and formats that cannot be written.

        Raises:
            UserError: names the option.
        """
        self._check_source()
        if self.weight is not None:
            check_finite(self.weight, "--weight")
        if not 0 <= self.seed < 2**31:
            raise UserError(key="--seed", expected=f"a whole number from 0 to {2**31 - 1}", found=f"{self.seed}")
        if self.episodes is not None and not 1 <= self.episodes <= MOST_EPISODES:
            expected = f"a whole number from 1 to {MOST_EPISODES}"
            raise UserError(key="--episodes", expected=expected, found=f"{self.episodes}")
        if self.export:
            from inspection.exports.registry import check_formats

            check_formats(self.export, "--export")

    def _check_source(self) -> None:
        if (self.path is None) == (self.published is None):
            found = "both" if self.path is not None else "neither"
            raise UserError(expected="RUN_OR_CHAMPION or --import FILE.csv", found=found)
        if self.published is not None and self.task is None:
            raise UserError(key="--import", expected=f"--task with it ({', '.join(TASKS)})", found="none")
        if self.task is not None:
            task_class(self.task, key="--task")
        of_imports = {"--task": self.task is not None, "--option": self.options, "--keep-weights": self.keep_weights}
        for option, given in of_imports.items():
            if given and self.published is None:
                raise UserError(key=option, expected="--import with it", found="none")

    def task_options(self) -> dict[str, Any]:
        """Options of the task of an import, from KEY=VALUE with the values in YAML.

        Raises:
            UserError: another form.
        """
        options = {}
        for text in self.options:
            key, equals, value = text.partition("=")
            try:
                options[key] = yaml.safe_load(value)
            except yaml.YAMLError:
                equals = ""
            if not key or not equals:
                raise UserError(key="--option", expected="KEY=VALUE", found=repr(text))
        return options

    @property
    def film(self) -> Path | None:
        """The path of the film; None if there is none, or if it goes into the report's directory."""
        return None if self.video is None or self.film_suffix else Path(self.video)

    @property
    def film_suffix(self) -> str:
        """The suffix if ``video`` is only a suffix, such as ``mp4``; else empty."""
        suffix = f".{self.video.lower()}" if self.video is not None else ""
        return suffix if suffix in SUFFIXES else ""
