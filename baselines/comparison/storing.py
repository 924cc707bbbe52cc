"""What a comparison keeps beside its tables, so that it can go on: finished cells, and tunings under way."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from baselines.comparison.cells import Cell
from baselines.weight_tuning import WeightTuning
from evolution.checkpoint import CheckpointError, RunError, load, load_latest, save
from wann.errors import UserError

LOGGER = logging.getLogger(__name__)
STATE = "state"
_ORDER = "order"


class Store:
    """Files under ``DIR/state``, checksummed and free of code; see `evolution.checkpoint`."""

    def __init__(self, directory: Path, order: Mapping[str, Any], resume: bool) -> None:
        """``order``: JSON of all that decides results; the same on resuming.

        Raises:
            UserError: what is to be resumed is missing, damaged, or was ordered otherwise.
        """
        self._directory = directory
        self.path = directory / STATE
        if resume:
            self._check(order)
            return
        self.path.mkdir()
        self._save(self.path / _ORDER, {}, {"order": order})

    def _check(self, order: Mapping[str, Any]) -> None:
        try:
            saved = load(self.path / _ORDER).metadata["order"]
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"--resume: expected a comparison in {self._directory}, found none") from None
        except KeyError:
            raise UserError(f"{self.path / _ORDER}: expected the order of a comparison, found something else") from None
        differing = [key for key in order if order[key] != saved.get(key)]
        if differing:
            raise UserError(
                f"--resume: expected the {' and '.join(differing)} that the comparison in {self._directory} was "
                "started with, found others"
            )

    def cell(self, name: str) -> Cell | None:
        """A finished cell; None where there is none, or it is damaged and so to be measured anew."""
        try:
            found = load(self.path / "cells" / name)
            facts = found.metadata
            texts = {key: facts[key] for key in ("network", "setting", "about", "unit")}
            return Cell(values=np.array(found.arrays["values"], np.float64), facts=facts["facts"], **texts)
        except FileNotFoundError:
            return None
        except (CheckpointError, KeyError) as error:
            LOGGER.warning("%s; it is measured anew", error)
            return None

    def keep(self, name: str, cell: Cell) -> None:
        assert cell.complete
        keys = ("network", "setting", "about", "unit", "facts")
        (self.path / "cells").mkdir(exist_ok=True)
        self._save(self.path / "cells" / name, {"values": cell.values}, {key: getattr(cell, key) for key in keys})

    def restore(self, name: str, tuning: WeightTuning) -> None:
        """Bring a tuning to where it was saved last, if it was.

        Raises:
            UserError: all that was saved is damaged, or of another tuning.
        """
        directory = self.path / name
        found = load_latest(directory) if directory.is_dir() else None
        if found is None:
            return
        try:
            tuning.restore(found.arrays, found.metadata)
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{directory}: expected the state of this tuning, found another ({error})") from None

    def save_tuning(self, name: str, tuning: WeightTuning) -> None:
        directory = self.path / name
        directory.mkdir(exist_ok=True)
        self._save(directory / "checkpoint", *tuning.state())

    def _save(self, path: Path, arrays: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        try:
            save(path, arrays, metadata)
        except RunError as error:
            reason = getattr(error.__cause__, "strerror", None) or error
            raise RunError(
                f"could not write {path} ({reason}); what was finished is kept; remove the cause and go on with: "
                f"compare_baselines.py ... --out {self._directory} --resume"
            ) from error
