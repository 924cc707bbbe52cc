"""Searches that run as a job submitted to a cluster."""

from __future__ import annotations

from pathlib import Path

from experiment.opening import RUNS
from wann.errors import UserError
from workers.ray.addresses import job_address
from workers.ray.private import UNPACKED


def check_outlives_job(run_dir: str | None) -> None:
    """Refuse to leave results in a job's working directory, which Ray deletes.

    Raises:
        UserError: ``run_dir``, or the default, is in that directory.
    """
    path = Path(run_dir or RUNS).resolve()
    if job_address() is not None and UNPACKED in path.parts and path.is_relative_to(Path.cwd()):
        raise UserError(
            key="--run-dir",
            expected="a directory that outlives the job",
            found=f"{run_dir or 'none'}, which Ray would delete with the job's working directory",
        )
