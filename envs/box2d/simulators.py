"""The simulators that step Box2D's tasks: this package's lanes, or Gymnasium's own environments."""

from __future__ import annotations

import logging
import platform
import sys

from envs.waves import simulator_version
from wann.errors import UserError, did_you_mean

LOGGER = logging.getLogger(__name__)

LANES, GYMNASIUM = "lanes", "gymnasium"
# Values of `task.simulator`; auto is lanes.
SIMULATORS = ("auto", LANES, GYMNASIUM)
# Named in configs and champions made before; their episodes are played in lanes.
_OLDER = "envpool"


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
    """True where lanes are known to have the bits of Gymnasium's Box2D: x86-64 Linux with the GNU C library.

    Elsewhere Box2D is compiled otherwise (some compilers fuse products and sums), or has other sines. There both are
    right, but two long episodes drift apart.
    """
    return sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64") and platform.libc_ver()[0] == "glibc"


def described_simulator(name: str) -> str:
    """A simulator for champion files and logs."""
    if name != LANES:
        return simulator_version(name)
    if has_gymnasiums_bits():
        return "lane kernels, float32"
    return f"lane kernels, float32 (on {sys.platform} {platform.machine()}, where Gymnasium may round otherwise)"
