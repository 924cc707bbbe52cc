"""The directory of one run: config, metrics, checkpoints and champion, owned by one process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import math
import os
import socket
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from configs import Config, config_hash, differing_keys, dump_yaml, load_config, result_keys, stored_config_hash
from configs.sweep import combinations
from storage.checkpoint import (
    CHECKPOINT,
    PREVIOUS,
    Checkpoint,
    disk_error,
    load_latest,
    partial_path,
    save,
    write_atomically,
)
from storage.genome_file import load_genomes, save_genomes
from wann.errors import UserError
from wann.population import Population

LOGGER = logging.getLogger(__name__)

CONFIG, METRICS, CHAMPION, LOCK = "config.yaml", "metrics.jsonl", "champion.json", "lock"
INITIAL = "initial"
# A directory with only these was left by a run that died before its config was written.
_LEFTOVERS = {LOCK, INITIAL, *(partial_path(Path(name)).name for name in (CONFIG, INITIAL))}


class RunDirectory:
    """A run's files and the lock on them; use it as a context manager, or call `close`.

    Made by `create` or `open_existing`. Every write that fails raises `storage.checkpoint.RunError`.
    """

    def __init__(self, path: Path, config: Config, lock: int) -> None:
        self.path = path
        self.config = config
        self._lock = lock
        self._metrics = -1
        self._stamp = {"config_hash": config_hash(config), "config": result_keys(config)}

    @classmethod
    def create(cls, path: str | Path, config: Config, initial: Population | None = None) -> Self:
        """Start a run in a new or empty directory; ``initial`` are genomes that it is to start from.

        Raises:
            UserError: there is a run already, it is in use, or the directory cannot be made.
        """
        path = Path(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = _acquire(path)
        except OSError as error:
            raise UserError(f"{path}: expected a directory for a run, found: {error.strerror}") from None
        try:
            refuse_to_overwrite(path, {entry.name for entry in path.iterdir()})
            (path / INITIAL).unlink(missing_ok=True)
            if initial is not None:
                save_genomes(path / INITIAL, initial)
            write_atomically(path / CONFIG, dump_yaml(config).encode())
        except BaseException:
            os.close(lock)
            raise
        return cls(path, config, lock)

    @classmethod
    def open_existing(cls, path: str | Path, overrides: Sequence[str] = (), config: Config | None = None) -> Self:
        """Take over a stopped run, with ``key=value`` overrides of what may change (see `check_resumable`).

        ``config``, if given, takes the place of the run's own and its overrides, under the same rule.

        Raises:
            UserError: no run is there, it is in use, its config is invalid, or an override changes results.
        """
        path = Path(path)
        if not (path / CONFIG).is_file():
            raise UserError(f"{path}: expected a run directory to resume, found no {CONFIG} in it{_similar_run(path)}")
        try:
            lock = _acquire(path)
        except OSError as error:
            raise UserError(f"{path}: expected a run directory to resume, found: {error.strerror}") from None
        try:
            saved = load_config(path / CONFIG)
            if config is None:
                config = load_config(path / CONFIG, overrides) if overrides else saved
            check_resumable(saved, config, path)
            if config != saved:
                write_atomically(path / CONFIG, dump_yaml(config).encode())
        except BaseException:
            os.close(lock)
            raise
        return cls(path, config, lock)

    @property
    def is_fresh(self) -> bool:
        """Whether no checkpoint was ever finished."""
        return not any((self.path / name).exists() for name in (CHECKPOINT, PREVIOUS))

    @property
    def metrics_path(self) -> Path:
        return self.path / METRICS

    @property
    def champion_path(self) -> Path:
        return self.path / CHAMPION

    def initial_genomes(self) -> Population | None:
        """What `create` was given.

        Raises:
            CheckpointError: the file is damaged.
        """
        path = self.path / INITIAL
        return load_genomes(path).genomes if path.exists() else None

    def append_metrics(self, record: Mapping[str, Any]) -> None:
        """Add one line of JSON: exact floats, null for NaN and infinity, handed to the system at once."""
        line = (json.dumps(_plain(record), allow_nan=False) + "\n").encode()
        try:
            if self._metrics < 0:
                self._metrics = os.open(self.metrics_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            _write_whole(self._metrics, line)
        except OSError as error:
            raise disk_error(self.path, self.metrics_path, error) from error

    def truncate_metrics(self, last_generation: int) -> list[dict[str, Any]]:
        """Keep and return the lines up to ``last_generation``, the checkpoint's; -1 keeps none.

        A torn or altered line goes too: what follows a checkpoint is computed again.
        """
        self._close_metrics()
        data = self.metrics_path.read_bytes() if self.metrics_path.exists() else b""
        lines = [(line, _record(line)) for line in data.splitlines(keepends=True)]
        kept = [(line, record) for line, record in lines if record and record["generation"] <= last_generation]
        records = [record for _, record in kept if record]
        if records and records[-1]["generation"] < last_generation:
            found = records[-1]["generation"]
            LOGGER.warning(
                "%s: expected lines up to generation %d, found %d", self.metrics_path, last_generation, found
            )
        if len(kept) < len(lines):
            write_atomically(self.metrics_path, b"".join(line for line, _ in kept))
        return records

    def save_checkpoint(self, arrays: Mapping[str, NDArray], metadata: Mapping[str, Any]) -> None:
        """`storage.checkpoint.save`, stamped with the config, after the metrics so far are on the disk.

        ``metadata["generation"]`` is what resuming and error messages go by.
        """
        try:
            if self._metrics >= 0:
                os.fsync(self._metrics)
        except OSError as error:
            raise disk_error(self.path, self.metrics_path, error) from error
        save(self.path / CHECKPOINT, arrays, {**metadata, **self._stamp})

    def load_checkpoint(self) -> Checkpoint | None:
        """The newest valid checkpoint, or None where none was finished.

        Raises:
            UserError: all are damaged, or they were made under another config.
        """
        checkpoint = load_latest(self.path)
        if checkpoint and not self._made_here(checkpoint):
            keys = _differing_results(checkpoint.metadata.get("config", {}), result_keys(self.config))
            raise UserError(
                f"{self.path / CONFIG}: expected the config that the checkpoint was made under, found other values of "
                f"{', '.join(keys)}; restore them, or start a new run"
            )
        return checkpoint

    def _made_here(self, checkpoint: Checkpoint) -> bool:
        """True for a checkpoint that was made under this run's config, perhaps in an earlier layout of it."""
        expected, metadata = self._stamp["config_hash"], checkpoint.metadata
        return expected in (metadata.get("config_hash"), stored_config_hash(metadata.get("config", {})))

    def write_champion(self, data: bytes) -> None:
        """Write champion.json, the old or the new one at every moment."""
        write_atomically(self.champion_path, data)

    def close(self) -> None:
        """Release the lock; further calls do nothing."""
        self._close_metrics()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _close_metrics(self) -> None:
        if self._metrics >= 0:
            os.close(self._metrics)
            self._metrics = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_resumable(saved: Config, new: Config, path: str | Path) -> None:
    """Refuse to go on under a config that gives other results; `workers`, `logging` and more generations may differ.

    Raises:
        UserError: names the differing keys.
    """
    keys = _differing_results(result_keys(saved), result_keys(new))
    if keys:
        raise UserError(
            f"{path}: expected the config that the run was started with, found other values of {', '.join(keys)}; "
            "only workers, logging and a larger number of generations may change on --resume"
        )
    if new.replicates != saved.replicates:
        raise UserError(
            f"{path}: replicates: expected the {saved.replicates} that the run was started with, found {new.replicates}"
        )
    if combinations(new.sweep) != combinations(saved.sweep):
        raise UserError(
            f"{path}: sweep: expected the one that the run was started with, found another; start a new run for it"
        )
    if new.generations < saved.generations:
        raise UserError(
            f"{path}: generations: expected at least the {saved.generations} that the run was started with, "
            f"found {new.generations}"
        )


def _differing_results(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [key for key in differing_keys(old, new) if key != "generations"]


def refuse_to_overwrite(path: str | Path, names: set[str]) -> None:
    """Refuse to start a run where there are files of ``names``.

    Raises:
        UserError: tells whether they are those of a run.
    """
    names = names - _LEFTOVERS
    if names & {CONFIG, CHECKPOINT, PREVIOUS, METRICS}:
        raise UserError(f"{path}: expected a new directory, found a run in it; go on with it by --resume {path}")
    if names:
        raise UserError(f"{path}: expected a new directory, found other files in it, such as {min(names)!r}")


def _similar_run(path: Path) -> str:
    if path.is_dir() or not path.parent.is_dir():
        return ""
    runs = [entry.name for entry in path.parent.iterdir() if (entry / CONFIG).is_file()]
    near = get_close_matches(path.name, runs, n=1)
    return f" (did you mean {str(path.parent / near[0])!r}?)" if near else ""


def _acquire(path: Path) -> int:
    """Take the lock and sign it; the system frees it when its owner ends, however it ends.

    The file itself stays: removing it would let two processes lock two files of one name.
    """
    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        _write_whole(lock, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    except BlockingIOError:
        owner = os.read(lock, 200).decode(errors="replace").strip() or "another process"
        os.close(lock)
        raise UserError(f"{path}: expected a run that nothing is using, found it in use by {owner}") from None
    except OSError:
        os.close(lock)
        raise
    return lock


def _write_whole(descriptor: int, data: bytes) -> None:
    """Append all of ``data`` or, if the disk refuses, none of it."""
    start = os.fstat(descriptor).st_size
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written:])
    except OSError:
        with contextlib.suppress(OSError):  # the first error tells more; resuming drops a torn line too
            os.ftruncate(descriptor, start)
        raise


def _record(line: bytes) -> dict[str, Any] | None:
    """A line of metrics, or None if it was not written whole."""
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("generation"), int) else None


def _plain(value: Any) -> Any:
    """JSON values of Python's and NumPy's own; null for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
