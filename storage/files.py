"""Errors of a run that cannot continue, and atomic writing of files that raises them."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, Self

from wann.files import write_whole

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class RunError(RuntimeError):
    """A run cannot continue, for a reason other than a mistake of its user.

    ``str(error)`` is a sentence without any command; `experiment.terminal.messages` adds the command that resumes.

    Attributes:
        path: the file or place that failed; None if none did.
        cause: the reason, as a clause.
        run: directory of the innermost run in which it happened. None if unknown; then the sentence does not tell what
            is saved.
        generation: generation up to which ``run`` is saved; None if unknown.
        is_begun: a checkpoint of ``run`` exists, so it can be resumed.
        remedy: advice in words that name no command; empty if there is none.
        resume: the run that can be resumed once the cause is removed, as its user names it, if there is one.
    """

    def __init__(
        self,
        path: Path | str | None,
        cause: str,
        *,
        run: Path | None = None,
        generation: int | None = None,
        is_begun: bool | None = None,
        remedy: str = "",
        resume: str | None = None,
    ) -> None:
        super().__init__(cause)
        self.path, self.cause = path, cause
        self.run, self.generation, self.remedy, self.resume = run, generation, remedy, resume
        self.is_begun = generation is not None if is_begun is None else is_begun

    @property
    def sentence(self) -> str:
        """``CAUSE; what is saved; REMEDY``, without empty parts."""
        return "; ".join(part for part in (self._opening(), self._saved(), self.remedy) if part)

    def at(self, **fields: Any) -> Self:
        """The same error with some fields replaced, such as the run, which only the caller knows."""
        error = type(self)(**{**self._fields(), **fields})
        error.__cause__ = self.__cause__
        return error

    def _opening(self) -> str:
        return self.cause if self.path is None else f"{self.path}: {self.cause}"

    def _saved(self) -> str:
        if self.run is None:
            return ""
        if self.generation is not None:
            return f"the run is intact up to generation {self.generation}"
        return "what was finished is intact" if self.is_begun else "no checkpoint was finished yet"

    def _fields(self) -> dict[str, Any]:
        names = ("path", "cause", "run", "generation", "is_begun", "remedy", "resume")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        return self.sentence

    def __reduce__(self) -> tuple:  # keywords survive pickling
        return _restored, (type(self), self._fields())


class WriteError(RunError):
    """A file could not be written.

    Attributes:
        failure: its kind: "disk full", "disk error" or "storage failed".
        is_full: there is no space left.
    """

    def __init__(self, path: Path | str, cause: str, *, failure: str, is_full: bool = False, **fields: Any) -> None:
        super().__init__(path, cause, **fields)
        self.failure, self.is_full = failure, is_full

    @classmethod
    def of_disk(cls, path: Path | str, error: OSError, **fields: Any) -> Self:
        """The error for a disk that is full or fails."""
        is_full = error.errno in _NO_SPACE
        failure, remedy = ("disk full", "free space") if is_full else ("disk error", "remove the cause")
        cause = error.strerror or str(error)
        return cls(path, cause, failure=failure, is_full=is_full, **{"remedy": remedy, **fields})

    def _opening(self) -> str:
        return f"{self.failure}: could not write {self.path} ({self.cause})"

    def _fields(self) -> dict[str, Any]:
        return {**super()._fields(), "failure": self.failure, "is_full": self.is_full}


def _restored(kind: type[RunError], fields: dict[str, Any]) -> RunError:
    return kind(**fields)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file atomically: at any time it is either the old or the new one, complete and on the disk.

    Raises:
        WriteError: the disk is full or fails; the old file is intact.
    """
    try:
        write_whole(path, data)
    except OSError as error:
        raise WriteError.of_disk(path, error) from error
