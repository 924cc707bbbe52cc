"""The state of a comparison for resuming it: finished cells, and unfinished tunings."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from baselines.comparison.cells import Cell
from baselines.comparison.seed_ledger import SeedLedger
from baselines.comparison.weight_tuning import WeightTuning
from storage.checkpoint import CheckpointError, load, load_latest, save
from storage.files import RunError, WriteError, write_atomically
from storage.lock import LOCK, InUseError, Lock
from wann.errors import UserError
from wann.files import partial_path

LOGGER = logging.getLogger(__name__)
STATE = "state"
# The name of the file is that of the first version.
_OPTIONS, _EXPECTED = "order", "the options of a comparison"


class Store:
    """Files under ``DIR/state``, checksummed and free of code; see `storage.checkpoint`."""

    def __init__(self, directory: Path, settled: Mapping[str, Any], resume: bool, ledger: SeedLedger) -> None:
        """``settled``: JSON of all that decides results, the same on resuming; ``ledger`` learns what was used before.

        Raises:
            UserError: what is to be resumed is missing, damaged, or has other options.
        """
        self._directory, self._ledger = directory, ledger
        self.path = directory / STATE
        if not resume:
            self.path.mkdir(exist_ok=True)
        self._lock = self._take()
        try:
            if resume:
                self._check(settled)
            else:
                self._save(self.path / _OPTIONS, {}, {"order": settled})
        except BaseException:
            self.close()
            raise

    @property
    def _option(self) -> str:
        return f"--out {self._directory}"

    def close(self) -> None:
        """Free the lock on the directory."""
        self._lock.release()

    def _take(self) -> Lock:
        """The lock on the directory, which the system frees when its owner ends, however it ends."""
        try:
            return Lock.take(self.path)
        except OSError as error:
            found = f"none: {error.strerror}"
            raise UserError(key=self._option, expected="a directory to write to", found=found) from None
        except InUseError as error:
            raise error.at(key=self._option, place="", expected="a comparison that nothing is at") from None

    def _check(self, settled: Mapping[str, Any]) -> None:
        try:
            saved = load(self.path / _OPTIONS).metadata["order"]
        except FileNotFoundError:
            if {entry.name for entry in self.path.iterdir()} - {LOCK, partial_path(Path(_OPTIONS)).name}:
                raise UserError(place=self.path / _OPTIONS, expected=_EXPECTED, found="none") from None
            saved = settled  # killed before anything was saved
            self._save(self.path / _OPTIONS, {}, {"order": settled})
        except KeyError:
            raise UserError(place=self.path / _OPTIONS, expected=_EXPECTED, found="something else") from None
        differing = [key for key in settled if settled[key] != saved.get(key)]
        if differing:
            expected = f"the {' and '.join(differing)} that the comparison in {self._directory} was started with"
            raise UserError(key="--resume", expected=expected, found="others")

    def cell(self, name: str) -> Cell | None:
        """A finished cell; None if there is none, or if it is damaged and must be measured again."""
        try:
            found = load(self.path / "cells" / name)
            facts = found.metadata
            self._ledger.merge(facts["seeds"])
            texts = {key: facts[key] for key in ("network", "setting", "about", "unit")}
            return Cell(values=np.array(found.arrays["values"], np.float64), facts=facts["facts"], **texts)
        except FileNotFoundError:
            return None
        except (CheckpointError, KeyError, TypeError, ValueError) as error:
            LOGGER.warning("%s; it is measured anew", error)
            return None

    def keep(self, name: str, cell: Cell) -> None:
        assert cell.complete
        keys = ("network", "setting", "about", "unit", "facts")
        (self.path / "cells").mkdir(exist_ok=True)
        self._save(
            self.path / "cells" / name, {"values": cell.values}, self._said({key: getattr(cell, key) for key in keys})
        )

    def restore(self, name: str, tuning: WeightTuning) -> None:
        """Restore a tuning from its last saved state, if there is one.

        Raises:
            UserError: all that was saved is damaged, or of another tuning.
        """
        directory = self.path / name
        found = load_latest(directory) if directory.is_dir() else None
        if found is None:
            return
        try:
            tuning.restore(found.arrays, found.metadata)
            self._ledger.merge(found.metadata["seeds"])
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(place=directory, expected="the state of this tuning", found=f"another ({error})") from None

    def save_tuning(self, name: str, tuning: WeightTuning) -> None:
        directory = self.path / name
        directory.mkdir(exist_ok=True)
        arrays, metadata = tuning.state()
        self._save(directory / "checkpoint", arrays, self._said(metadata))

    def _said(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        return {**metadata, "seeds": self._ledger.plain()}

    def _save(self, path: Path, arrays: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        with resumable(self._directory, path):
            save(path, arrays, metadata)


def write_text(directory: Path, name: str, text: str) -> None:
    """Write a result into a comparison's directory atomically.

    Raises:
        RunError: the disk is full or fails.
    """
    with resumable(directory, directory / name):
        write_atomically(directory / name, text.encode("utf-8", "backslashreplace"))


@contextmanager
def resumable(directory: Path, path: Path) -> Iterator[None]:
    """Add to the error of a failed write of ``path`` the comparison that can be resumed. It loses only time."""
    try:
        yield
    except (RunError, OSError) as error:
        failure = WriteError.of_disk(path, error) if isinstance(error, OSError) else error
        raise failure.at(run=directory, is_begun=True, generation=None, resume=str(directory)) from error
