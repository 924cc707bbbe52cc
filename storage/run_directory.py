"""The directory of one run: config, metrics, checkpoints and champion, owned by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from configs import Config, dump_yaml, load_config
from configs.loading import Overrides
from storage.checkpoint import CHECKPOINT, PREVIOUS, Checkpoint, disk_error, load_latest, save
from storage.genome_file import load_genomes, save_genomes
from storage.lock import Lock
from storage.metrics import METRICS, MetricsFile
from storage.mirror import Mirror, address_of
from storage.names import CHAMPION as CHAMPION
from storage.names import CONFIG as CONFIG
from storage.names import INITIAL, refuse_to_overwrite, similar_run
from storage.resuming import check_resumable, check_stamp, stamp_of
from wann.errors import UserError
from wann.files import write_whole
from wann.platform import file_locks
from wann.population import Population


class RunDirectory:
    """A run's files and the lock on them. Use it as a context manager, or call `close`.

    It is made by `create` or `open_existing`. All files of a run are written by methods of this class, which pass them
    to the run's mirror too. A write that fails raises `storage.files.RunError`.

    Attributes:
        path: of the directory, on this machine.
        config: of the run.
        mirror: for a run that is kept elsewhere than ``path``; children of the run share it.
    """

    def __init__(self, path: Path, config: Config, lock: Lock, mirror: Mirror | None = None) -> None:
        self.path = path
        self.config = config
        self.mirror = mirror
        self._lock = lock
        self._metrics = MetricsFile(path / METRICS)

    @classmethod
    def create(
        cls, path: str | Path, config: Config, initial: Population | None = None, mirror: Mirror | None = None
    ) -> Self:
        """Create a run in a new or empty directory.

        Args:
            path: of the directory.
            config: of the run.
            initial: genomes to start from.
            mirror: see `RunDirectory`.

        Raises:
            UserError: there is a run already, it is in use, the directory cannot be made, or the system has no locks.
        """
        path = Path(path)
        file_locks()  # before anything is made
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = Lock.take(path)
        except OSError as error:
            raise _unusable(address_of(path, mirror), "a directory for a run", error, path) from None
        run = cls(path, config, lock, mirror)
        try:
            refuse_to_overwrite(run.address, {entry.name for entry in path.iterdir()})
            (path / INITIAL).unlink(missing_ok=True)
            if initial is not None:
                run.save_genomes(INITIAL, initial)
            run.write(CONFIG, dump_yaml(config).encode())
        except BaseException:
            lock.release()
            raise
        return run

    @classmethod
    def open_existing(
        cls,
        path: str | Path,
        overrides: Overrides = (),
        config: Config | None = None,
        mirror: Mirror | None = None,
    ) -> Self:
        """Open a stopped run.

        Args:
            path: of its directory.
            overrides: of keys that may change (see `check_resumable`).
            config: replaces the run's own config and overrides, under the same rule.
            mirror: see `RunDirectory`.

        Raises:
            UserError: there is no run, it is in use, its config is invalid, or an override changes results.
        """
        path = Path(path)
        address = address_of(path, mirror)
        expected = "a run directory to resume"
        if path.is_file():
            raise UserError(place=address, expected=expected, found="a file")
        if not (path / CONFIG).is_file():
            raise UserError(place=address, expected=expected, found=f"no {CONFIG} in it{similar_run(path)}")
        try:
            lock = Lock.take(path)
        except OSError as error:
            raise _unusable(address, expected, error, path) from None
        try:
            # A config that is read twice tells once of its keys of an earlier layout.
            saved = load_config(path / CONFIG, tell_moves=config is not None or not overrides)
            if config is None:
                config = load_config(path / CONFIG, overrides) if overrides else saved
            check_resumable(saved, config, address)
            run = cls(path, config, lock, mirror)
            if config != saved:
                run.write(CONFIG, dump_yaml(config).encode())
        except BaseException:
            lock.release()
            raise
        return run

    @property
    def is_fresh(self) -> bool:
        """True if no checkpoint was ever finished."""
        return not any((self.path / name).exists() for name in (CHECKPOINT, PREVIOUS))

    @property
    def metrics_path(self) -> Path:
        return self._metrics.path

    # --- where the run is kept ---

    @property
    def address(self) -> str:
        """The run as its user names it: a path or a URL."""
        return self.address_of(self.path)

    def address_of(self, place: Path | str) -> str:
        """A file of the run, or a line in it (``PATH:7``), as the user names it."""
        return address_of(place, self.mirror)

    def put(self) -> None:
        """Upload all files that are not uploaded yet. Does nothing for a run that is kept on this machine.

        Raises:
            RunError: the upload fails.
        """
        if self.mirror is not None:
            self.mirror.put()

    # --- writing ---

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the run atomically."""
        path = self.path / name
        with self._writing(path):
            write_whole(path, data)
        self._written(path)

    def save_genomes(
        self,
        name: str,
        genomes: Population,
        scores: NDArray[np.float64] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a file of genomes; see `storage.genome_file`. ``name`` may have a directory, which is created."""
        path = self.path / name
        with self._writing(path):
            path.parent.mkdir(exist_ok=True)
        save_genomes(path, genomes, scores, metadata, run=self.path)
        self._written(path)

    def write_champion(self, data: bytes) -> None:
        """Write champion.json."""
        self.write(CHAMPION, data)

    def append_metrics(self, record: Mapping[str, Any]) -> None:
        """Add one line to `storage.metrics`."""
        with self._writing(self.metrics_path):
            self._metrics.append(record)

    def truncate_metrics(self, last_generation: int) -> list[dict[str, Any]]:
        """Keep and return the lines up to ``last_generation``, the checkpoint's; -1 keeps none.

        A torn or altered line is dropped too, because everything after a checkpoint is computed again.
        """
        with self._writing(self.metrics_path):
            return self._metrics.truncate(last_generation)

    def save_checkpoint(self, arrays: Mapping[str, NDArray], metadata: Mapping[str, Any]) -> None:
        """Save a checkpoint stamped with the config, after flushing the metrics to the disk.

        Resuming and error messages use ``metadata["generation"]``. See `storage.checkpoint.save`.
        """
        with self._writing(self.metrics_path):
            self._metrics.flush()
        save(self.path / CHECKPOINT, arrays, {**metadata, **stamp_of(self.config)})
        self._written(self.path / CHECKPOINT)

    def initial_genomes(self) -> Population | None:
        """The genomes that `create` was given.

        Raises:
            CheckpointError: the file is damaged.
        """
        path = self.path / INITIAL
        return load_genomes(path).genomes if path.exists() else None

    def load_checkpoint(self) -> Checkpoint | None:
        """The newest valid checkpoint, or None if none was finished.

        Raises:
            UserError: all are damaged, or they were made under another config.
        """
        checkpoint = load_latest(self.path)
        if checkpoint is not None:
            check_stamp(checkpoint.metadata, self.config, self.address_of(self.path / CONFIG))
        return checkpoint

    def close(self) -> None:
        """Release the lock. Further calls do nothing."""
        self._metrics.close()
        self._lock.release()

    def _written(self, path: Path) -> None:
        if self.mirror is not None:
            self.mirror.written(path)

    @contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise disk_error(self.path, path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _unusable(place: str, expected: str, error: OSError, path: Path) -> UserError:
    file = next((each for each in (path, *path.parents) if each.is_file()), None)
    if file is not None:
        return UserError(place=place, expected=expected, found="a file" if file == path else f"a file at {file}")
    return UserError(place=place, expected=expected, found=f"none that can be used: {error.strerror}")
