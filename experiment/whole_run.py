"""Failures of runs below a run are reported as failures of the run that was opened, which is the one to resume."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from storage.checkpoint import CHECKPOINT
from storage.files import RunError
from storage.run_directory import RunDirectory
from wann.errors import UserError
from workers.blame import TaskError
from workers.evaluator import WorkerError


@contextmanager
def whole(run: RunDirectory) -> Iterator[None]:
    """Add the run that was opened to failures of the task, the workers, the disk or the user.

    Raises:
        RunError: with the run and its ``is_begun``.
        UserError: with places as the user names them.
    """
    try:
        yield
    except (TaskError, WorkerError) as error:
        run.put()
        raise _of_whole(run, RunError(None, str(error), run=run.path)) from error
    except RunError as error:
        # An error that names no run ends the search for good: a resume would raise it again.
        raise error if error.run is None else _of_whole(run, error) from error
    except UserError as error:
        resume = None if error.resume is None else run.address
        raise error.at(place=run.address_of(error.place), resume=resume) from error


def _of_whole(run: RunDirectory, error: RunError) -> RunError:
    is_begun = error.is_begun or _is_begun(run)
    return error.at(run=run.path, is_begun=is_begun, resume=run.address if is_begun else None)


def _is_begun(run: RunDirectory) -> bool:
    """True if the run, or a replicate or stage of it, has a checkpoint."""
    return any(run.path.rglob(CHECKPOINT))
