"""Metrics sent to MLflow or Weights & Biases, to the place that their own environment variables name.

The run's own files are the record. If a tracker fails, one warning is given, and the search continues without it.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Mapping
from importlib.util import find_spec
from math import isfinite
from typing import Any, Protocol

from configs import result_keys
from configs.yaml_source import one_line
from experiment.terminal.live import label_of
from storage.run_directory import RunDirectory
from wann.errors import UserError

LOGGER = logging.getLogger(__name__)

PROJECT = "weight-agnostic-search"
IDENTITY = "tracker.json"  # file with the run's identity at the tracker, which a resumed run continues
_SEND_SECONDS = 5.0
_MOST_AT_ONCE = 500  # metrics per request; MLflow accepts 1000
_LONGEST_VALUE = 500  # characters of a config's value


class Tracker(Protocol):
    """One run at a tracker."""

    def add(self, step: int, figures: Mapping[str, float]) -> None:
        """Add the finite figures of one generation."""
        ...

    def close(self) -> None:
        """Send the remaining figures."""
        ...


class MlflowTracker:
    """A run at ``MLFLOW_TRACKING_URI``, in the experiment ``MLFLOW_EXPERIMENT_NAME`` or else `PROJECT`."""

    def __init__(self, run: RunDirectory, identity: str | None) -> None:
        from mlflow.entities import Param
        from mlflow.environment_variables import MLFLOW_EXPERIMENT_NAME
        from mlflow.tracking import MlflowClient

        self._client = MlflowClient()
        self._waiting: list[Any] = []
        self._sent = time.monotonic()
        if identity is None:
            name = MLFLOW_EXPERIMENT_NAME.get() or PROJECT
            experiment = self._client.get_experiment_by_name(name)
            number = experiment.experiment_id if experiment else self._client.create_experiment(name)
            tags = {"run_directory": run.address}
            identity = self._client.create_run(number, run_name=label_of(run.path), tags=tags).info.run_id
            self._client.log_batch(identity, params=[Param(key, text) for key, text in _settings(run).items()])
        else:
            self._client.update_run(identity, status="RUNNING")
        self.identity = identity

    def add(self, step: int, figures: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._waiting += [Metric(key, value, now, step) for key, value in figures.items()]
        if len(self._waiting) >= _MOST_AT_ONCE or time.monotonic() - self._sent > _SEND_SECONDS:
            self._send()

    def close(self) -> None:
        self._send()
        self._client.set_terminated(self.identity)

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._client.log_batch(self.identity, metrics=waiting)
        self._sent = time.monotonic()


class WandbTracker:
    """A run in the project ``WANDB_PROJECT`` or else `PROJECT`. ``WANDB_MODE=offline`` keeps it in the run's files."""

    def __init__(self, run: RunDirectory, identity: str | None) -> None:
        import os

        import wandb

        self.identity = identity or secrets.token_hex(8)
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            id=self.identity,
            resume="allow",
            name=label_of(run.path),
            dir=run.path,
            config=_settings(run),
            settings=wandb.Settings(silent=True, console="off"),
        )

    def add(self, step: int, figures: Mapping[str, float]) -> None:
        self._run.log(dict(figures), step=step)

    def close(self) -> None:
        self._run.finish()


TRACKERS: dict[str, tuple[str, type[MlflowTracker] | type[WandbTracker]]] = {  # package to install, and the tracker
    "mlflow": ("mlflow-skinny", MlflowTracker),
    "wandb": ("wandb", WandbTracker),
}


class Tracking:
    """A tracker whose failures do not stop a search that has begun.

    Raises:
        UserError: at construction, if the tracker cannot be reached.
    """

    def __init__(self, run: RunDirectory, name: str) -> None:
        check_installed(name)
        path = run.path / IDENTITY
        try:
            known = json.loads(path.read_text()) if path.is_file() else {}
            tracker = TRACKERS[name][1](run, known.get(name))
        except Exception as error:
            raise UserError(
                key="logging.tracker", expected=f"{name} to take a run", found=f"an error ({one_line(error)})"
            ) from error
        run.write(IDENTITY, json.dumps({**known, name: tracker.identity}).encode())
        self._name = name
        self._tracker: Tracker | None = tracker

    def add(self, line: Mapping[str, Any]) -> None:
        """Add a line of metrics."""
        numbers = {key: float(value) for key, value in line.items() if isinstance(value, int | float)}
        if self._tracker is not None:
            try:
                self._tracker.add(line["generation"], {key: value for key, value in numbers.items() if isfinite(value)})
            except Exception as error:
                self._give_up(error)

    def close(self) -> None:
        if self._tracker is not None:
            try:
                self._tracker.close()
            except Exception as error:
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._tracker = None
        LOGGER.warning("%s takes no more metrics of this run: %s", self._name, one_line(error))


def check_installed(name: str) -> None:
    """Raise `UserError` if the package of a tracker is missing."""
    package = TRACKERS[name][0]
    if find_spec(name) is None:
        raise UserError(
            key="logging.tracker",
            expected=f"the package {name!r}",
            found="none",
            remedy=f"pip install {package}",
        )


def _settings(run: RunDirectory) -> dict[str, str]:
    """The config keys that decide results, as dotted keys."""
    flat: dict[str, str] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, Mapping) and value:
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else key, inner)
        else:
            flat[prefix] = (value if isinstance(value, str) else json.dumps(value))[:_LONGEST_VALUE]

    walk("", result_keys(run.config))
    return flat
