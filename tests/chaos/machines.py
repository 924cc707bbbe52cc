"""Machines with addresses of their own on this one: network namespaces on a bridge, that can be cut off or lose power.

All of them live in namespaces of this process: nothing of the real network is touched or can reach them, and when this
process ends, however it ends, the kernel ends every process of every machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

INSIDE = "WANN_CHAOS_INSIDE"
_NETWORK = "10.77.0"
_NAMES = Path("/run/netns")


class NoNamespacesError(RuntimeError):
    """This system gives no namespaces."""


def why_not() -> str | None:
    """The reason why this system cannot have machines; None if it can."""
    for program in ("unshare", "nsenter", "ip"):
        if shutil.which(program) is None:
            return f"expected the program {program!r} (packages util-linux and iproute2), found none"
    found = subprocess.run(
        [*_unshare(), "ip", "link", "add", "wann", "type", "bridge"], capture_output=True, check=False
    )
    return None if found.returncode == 0 else f"expected network namespaces, found: {found.stderr.decode().strip()}"


def inside(command: Sequence[str]) -> list[str]:
    """The command that runs ``command`` in namespaces in which there can be `Machines`."""
    # The shell stays: as the first process of its namespace it takes leave of those whose parents have died.
    mounts = f'mkdir -p {_NAMES} && mount -t tmpfs tmpfs {_NAMES} && ip link set lo up && "$@"; exit $?'
    return [*_unshare(), "env", f"{INSIDE}=1", "sh", "-euc", mounts, "sh", *command]


def go_inside() -> None:
    """Begin this command again in such namespaces, unless it is in them.

    Raises:
        NoNamespacesError: there are none.
    """
    if os.environ.get(INSIDE):
        return
    missing = why_not()
    if missing is not None:
        raise NoNamespacesError(missing)
    command = inside([sys.executable, *sys.orig_argv[1:]])
    os.execvp(command[0], command)


def _unshare() -> list[str]:
    as_root = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *as_root, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


class Machine:
    """One address and the processes behind it.

    Attributes:
        name: of its namespace.
        address: in dotted form.
    """

    def __init__(self, number: int) -> None:
        self.name, self.address = f"machine{number}", f"{_NETWORK}.{number + 1}"
        self._cable = f"cable{number}"
        _ip("netns", "add", self.name)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self._cable, "master", "switch", "up")
        _ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            _ip("-n", self.name, "link", "set", device, "up")
        self._namespace = os.stat(_NAMES / self.name).st_ino

    def spawn(
        self, command: Sequence[str], directory: Path, log: Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """A process on it, in a session of its own; its output is appended to ``log``."""
        with log.open("ab") as out:
            return subprocess.Popen(
                ["nsenter", f"--net={_NAMES / self.name}", *command],
                cwd=directory,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def processes(self, named: str = "") -> list[int]:
        """Processes on this machine whose command line contains ``named``."""
        return sorted(pid for pid, words in _processes(self._namespace) if named in words)

    def cut_off(self) -> None:
        """Pull the cable: connections stay open, and nothing answers."""
        _ip("link", "set", self._cable, "down")

    def mend(self) -> None:
        """Put the cable back."""
        _ip("link", "set", self._cable, "up")

    def kill(self) -> int:
        """End all its processes at once; how many there were."""
        killed = 0
        while found := self.processes():  # They may start others meanwhile.
            killed += sum(send(pid, signal.SIGKILL) for pid in found)
        return killed

    def lose_power(self) -> int:
        """End it without a word to anyone; how many processes there were."""
        self.cut_off()
        return self.kill()


class Network:
    """The switch between machines. There is one, in the namespaces of this process."""

    def __init__(self) -> None:
        assert os.environ.get(INSIDE), "machines need namespaces: see go_inside"
        _ip("link", "add", "switch", "type", "bridge")
        _ip("addr", "add", f"{_NETWORK}.1/24", "dev", "switch")
        _ip("link", "set", "switch", "up")
        self.machines: list[Machine] = []
        self._mounts = 0

    def mount(self, directory: Path) -> Path:
        """A short path of this directory for the machines: sockets below a long one could not be opened."""
        self._mounts += 1
        place = _NAMES / f"mount{self._mounts}"
        place.mkdir()
        subprocess.run(["mount", "--bind", directory, place], check=True, capture_output=True)
        return place

    def add(self) -> Machine:
        self.machines.append(Machine(len(self.machines) + 1))
        return self.machines[-1]


def send(pid: int, number: int) -> bool:
    """Send a signal; whether there was still someone to take it."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def _processes(namespace: int) -> list[tuple[int, str]]:
    """Numbers and command lines of the live processes of a network namespace."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):  # It may end at any moment.
            if os.stat(entry / "ns" / "net").st_ino == namespace:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append((int(entry.name), words))
    return found


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
