"""The simulators that step Box2D's tasks: this package's lanes, or Gymnasium's own environments."""

from __future__ import annotations

import logging
import platform
import re
import sys
from functools import cache
from pathlib import Path

from envs.waves import simulator_version
from wann.errors import UserError, did_you_mean

LOGGER = logging.getLogger(__name__)

LANES, GYMNASIUM = "lanes", "gymnasium"
# Values of `task.simulator`; auto is lanes.
SIMULATORS = ("auto", LANES, GYMNASIUM)
# Named in configs and champions made before; their episodes are played in lanes.
_OLDER = "envpool"
# Of the lanes; goes up with every change of any bit of a return. Champion files and logs name it.
LANES_VERSION = 1
# The first version of the GNU C library whose sinf and cosf are those of `envs.box2d.engine.sines`.
_LEAST_LIBRARY = 2, 28
_PROCESSOR = Path("/proc/cpuinfo")


def settled_simulator(name: str) -> str:
    """The simulator that a name chooses: ``lanes`` or ``gymnasium``.

    Raises:
        UserError: there is no such simulator.
    """
    if name == _OLDER:
        LOGGER.warning("task.simulator: 'envpool' is an older name; episodes are played by 'lanes'")
        return LANES
    if name == "auto":
        return LANES
    if name not in SIMULATORS:
        found = f"{name!r}{did_you_mean(str(name), SIMULATORS)}"
        raise UserError(key="task.simulator", expected=f"one of {', '.join(SIMULATORS)}", found=found)
    return name


def has_gymnasiums_bits() -> bool:
    """True where lanes are known to have the bits of Gymnasium's Box2D: x86-64 Linux with FMA and glibc 2.28 or later.

    Elsewhere Box2D is compiled otherwise (some compilers fuse products and sums), or has other sines: an older C
    library, or the variant that glibc takes on a processor without fused multiply-add. There both are right, but two
    long episodes drift apart.
    """
    return _difference() is None


def described_simulator(name: str) -> str:
    """A simulator for champion files and logs."""
    if name != LANES:
        return simulator_version(name)
    lanes, difference = f"lane kernels {LANES_VERSION}, float32", _difference()
    return lanes if difference is None else f"{lanes} (on {difference}, where Gymnasium may round otherwise)"


def _difference() -> str | None:
    """The first part of this platform for which equal bits are not known, in words; None if there is none."""
    system, machine = sys.platform, platform.machine()
    if system != "linux" or machine not in ("x86_64", "AMD64"):
        return f"{system} {machine}"
    library, version = platform.libc_ver()
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if library != "glibc" or numbers is None or tuple(map(int, numbers.groups())) < _LEAST_LIBRARY:
        return f"{system} {machine} with {library or 'an unknown C library'} {version}".rstrip()
    return None if "fma" in _processor_flags() else f"{system} {machine} without FMA"


@cache
def _processor_flags() -> frozenset[str]:
    """Names of the processor's features, as Linux lists them; empty where it does not."""
    try:
        lines = _PROCESSOR.read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.split(":", 1)[1] for line in lines if line.startswith("flags")), "").split())
