"""Addresses of Ray clusters: that of the cluster a job runs on, and the check that a cluster answers."""

from __future__ import annotations

import os
import re
import socket

from wann.errors import UserError
from workers.ray import private

CLIENT = "ray://"
_CONNECT_SECONDS = 5.0


def job_address() -> str | None:
    """The address of the cluster that runs this process as a submitted job; None if there is none."""
    return os.environ.get("RAY_ADDRESS", "auto") if private.JOB_VARIABLE in os.environ else None


def find_cluster(address: str) -> str:
    """``HOST:PORT`` of the cluster at ``address``, or of its server for clients, after a check that it answers.

    Raises:
        UserError: nothing answers. It is raised within seconds; Ray alone would retry for minutes and end the process.
    """
    client = address.startswith(CLIENT)
    try:
        resolved = address.removeprefix(CLIENT) if client else private.resolve(address)
    except (ConnectionError, ValueError) as error:
        raise _no_cluster(address, f" ({str(error).splitlines()[0]})") from error
    if resolved is None or not re.fullmatch(r".+:[0-9]+", resolved):
        raise _no_cluster(address)
    try:
        reach(resolved)
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, f", where nothing answers ({error})") from error
    return f"{CLIENT if client else ''}{resolved}"


def reach(address: str) -> None:
    """Open a connection to HOST:PORT and close it.

    Raises:
        OSError: nothing answers there.
        OverflowError: the port number is too large.
    """
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()


def _no_cluster(address: str, reason: str = "") -> UserError:
    return UserError(
        key="workers.address",
        expected="HOST:PORT or ray://HOST:PORT of a Ray cluster, or 'auto'",
        found=f"{address!r}{reason}",
    )
