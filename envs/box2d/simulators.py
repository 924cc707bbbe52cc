"""The simulators that step Box2D's tasks: this package's lanes, or Gymnasium's own environments."""

from __future__ import annotations

from envs.waves import simulator_version
from wann.errors import UserError, did_you_mean

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
    if name in ("auto", _OLDER):
        return LANES
    if name not in SIMULATORS:
        found = f"{name!r}{did_you_mean(str(name), SIMULATORS)}"
        raise UserError(key="task.simulator", expected=f"one of {', '.join(SIMULATORS)}", found=found)
    return name


def described_simulator(name: str) -> str:
    """A simulator for champion files and logs."""
    return "lane kernels, float32" if name == LANES else simulator_version(name)
