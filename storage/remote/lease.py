"""Ownership of a run that several machines can reach: a lease that its owner renews.

``lease/000001.json`` is the first owner's, ``lease/000002.json`` the second's, and so on. The highest number owns the
run. A number is taken by creating its file, which only one process can do. The highest is never removed, so an owner
that was considered dead finds out that it is no longer the owner. Clocks are not compared: a lease is dead if its bytes
do not change while a process that wants the run watches them.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import uuid4

from storage.files import RunError
from storage.lock import InUseError
from storage.remote.stores import Storage

LOGGER = logging.getLogger(__name__)

DIRECTORY = "lease"
HEARTBEAT_SECONDS = 10.0
SILENT_BEATS = 6  # number of missed beats after which an owner is considered dead
_LONGEST_SECONDS = 600.0  # maximal time between beats that a lease may announce
_LOOKS = 4  # number of looks at a lease per beat


@dataclass(frozen=True)
class Holder:
    """The content of a lease: its owner, and its count of heartbeats."""

    owner: str
    token: str
    period_seconds: float
    beat: int = 0
    renewed: str = ""  # by the owner's clock, for people only
    released: bool = False

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read a lease. One that is damaged, or made by another version, has an unknown owner."""
        try:
            found = cls(**json.loads(data))
            if 0 < found.period_seconds <= _LONGEST_SECONDS:
                return found
        except (ValueError, TypeError):
            pass
        return cls("an unknown process", "", HEARTBEAT_SECONDS)

    def encode(self) -> bytes:
        return (json.dumps(asdict(self), indent=1) + "\n").encode()


class Lease:
    """The right to write to a storage. It is obtained by `acquire` and ended by `release`."""

    def __init__(self, storage: Storage, number: int, holder: Holder) -> None:
        self._storage = storage
        self._number = number
        self._holder = holder
        self._usurper: str | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._heart.start()

    @classmethod
    def acquire(cls, storage: Storage, period_seconds: float | None = None) -> Self:
        """Become the owner of the storage. If there is an owner, watch it first, and take over if it does not renew.

        Args:
            storage: of the run.
            period_seconds: time between two beats of the new lease; `HEARTBEAT_SECONDS` by default.

        Raises:
            OSError: the storage cannot be read or written.
            UserError: the run is in use.
        """
        period = HEARTBEAT_SECONDS if period_seconds is None else period_seconds
        owner = f"process {os.getpid()} on {socket.gethostname()}"
        while True:
            newest = _newest(storage)
            if newest:
                _await_silence(storage, newest)
            holder = Holder(owner, uuid4().hex, period, renewed=_now())
            try:
                storage.create(_name(newest + 1), holder.encode())
            except OSError:
                if _newest(storage) > newest:
                    continue  # another process was faster
                raise
            if _is_settled(storage, newest + 1, holder):
                break
        lease = cls(storage, newest + 1, holder)
        lease._remove_older()
        return lease

    @property
    def life_seconds(self) -> float:
        """The time for which the owner may miss beats."""
        return SILENT_BEATS * self._holder.period_seconds

    def check(self) -> None:
        """Raise an error if the last renewal found another owner. Does not access the storage.

        Raises:
            RunError: another process has taken over.
        """
        if self._usurper is not None:
            raise RunError(
                self._storage.url,
                f"expected to own the run, found it taken over by {self._usurper}, as this process had not renewed its "
                f"lease for {self.life_seconds:g} s; it writes nothing more there",
            )

    def renew(self) -> None:
        """Check the ownership, and write a heartbeat.

        Raises:
            OSError: the storage fails.
            RunError: another process has taken over.
        """
        with self._lock:
            newest = _newest(self._storage)
            if newest > self._number:
                self._usurper = _holder(self._storage, newest).owner
            self.check()
            if newest < self._number:  # for example, a disk that is no longer mounted
                raise OSError("the lease of this process is gone")
            self._write(beat=self._holder.beat + 1)

    def release(self) -> None:
        """Let the next process own the run at once. Does nothing if another one already does.

        Raises:
            OSError: the storage fails; the next process waits until this lease is dead.
        """
        self.stop()
        if self._usurper is None and _newest(self._storage) == self._number:
            self._write(released=True)

    def stop(self) -> None:
        """Stop renewing, without releasing."""
        self._ended.set()
        self._heart.join(timeout=self._holder.period_seconds)  # a request that hangs may last longer: a daemon thread

    def _beat(self) -> None:
        while not self._ended.wait(self._holder.period_seconds):
            try:
                self.renew()
            except OSError:
                continue  # the storage may recover; uploads in the meantime raise their own errors
            except RunError:
                return  # `check` raises the error

    def _write(self, **changes: int) -> None:
        holder = Holder(**{**asdict(self._holder), "renewed": _now(), **changes})
        self._storage.write(_name(self._number), holder.encode())
        self._holder = holder

    def _remove_older(self) -> None:
        for name in self._storage.names(DIRECTORY):
            if _number(name) < self._number:
                try:
                    self._storage.remove(name)
                except OSError:
                    return  # old leases do no harm


def _await_silence(storage: Storage, number: int) -> None:
    """Return once a lease is released, dead or replaced.

    Raises:
        OSError: the storage fails.
        UserError: the lease is alive.
    """
    try:
        data = storage.read(_name(number))
        holder = Holder.read(data)
        if holder.released:
            return
        seconds = SILENT_BEATS * holder.period_seconds
        LOGGER.warning(
            "%s: in use by %s, unless that is dead: watching its lease for %g s", storage.url, holder.owner, seconds
        )
        end = time.monotonic() + seconds
        while (found := storage.read(_name(number))) == data and time.monotonic() < end:
            time.sleep(holder.period_seconds / _LOOKS)
    except FileNotFoundError:
        return  # only the owner of a higher number removes leases
    if found != data and not Holder.read(found).released:
        raise InUseError(
            place=storage.url,
            expected="a run that nothing is using",
            found=f"it in use by {holder.owner}, which has just renewed its lease",
        )


def _is_settled(storage: Storage, number: int, holder: Holder) -> bool:
    """True if the lease is ours. If two processes can create the same file, the last one keeps it, so wait and look."""
    if storage.exclusive:
        return True
    time.sleep(holder.period_seconds)
    return _holder(storage, number).token == holder.token


def _holder(storage: Storage, number: int) -> Holder:
    return Holder.read(storage.read(_name(number)))


def _newest(storage: Storage) -> int:
    """The highest number, or 0."""
    return max(map(_number, storage.names(DIRECTORY)), default=0)


def _name(number: int) -> str:
    return f"{DIRECTORY}/{number:06d}.json"


def _number(name: str) -> int:
    stem = name.removeprefix(f"{DIRECTORY}/").removesuffix(".json")
    return int(stem) if stem.isdecimal() else 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
