"""Scenes and walkers in lanes that tests step one by one, under actions of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from envs.box2d.engine.island import Work, step
from envs.box2d.engine.rows import BODY
from envs.box2d.engine.vectors import LANES
from envs.box2d.walker.physics import NUM_INPUTS, NUM_OUTPUTS, ROWS, judge, observe, set_motors, start
from envs.box2d.walker.scene import walker_scene
from envs.box2d.walker.terrain import make_grounds
from wann.kernels.jit import jit

_SCENE = walker_scene()
_BODY_NUMBERS = 6  # centre, angle, velocity, spin


@jit
def step_group(state, tables, grounds, work):
    """One step of a group that begins at row 0."""
    step(state, np.int64(0), tables, grounds, work)


class LaneWalkers:
    """`LANES` walkers, the k-th at its first observation on the terrain of the k-th seed.

    A walker that has fallen may be stepped on; what it then does means nothing.

    Args:
        seeds: one for each lane.
        hardcore: as in Gymnasium.

    Raises:
        ValueError: another number of seeds.
    """

    def __init__(self, seeds: Sequence[int], hardcore: bool = False) -> None:
        if len(seeds) != LANES:
            raise ValueError(f"expected {LANES} seeds, found {len(seeds)}")
        self._grounds, self._pushes = make_grounds(seeds, hardcore)
        self._work, self._rays = Work.of(_SCENE), np.zeros(3 * LANES, np.float32)
        self.state = np.zeros(ROWS * LANES, np.float32)
        self.observations = np.zeros((LANES, NUM_INPUTS), np.float32)
        self._shaping = np.zeros(LANES)
        self.restart()

    def restart(self) -> None:
        """Begin the same episodes again."""
        self._shaping[:] = 0
        _begin(self.state, _SCENE.tables, self._grounds, self._pushes)
        self.step(np.zeros((LANES, NUM_OUTPUTS), np.float32))

    def step(self, actions: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Take actions [LANES, 4] within +-1. Returns rewards and whether each walker fell or reached the end."""
        rewards, over = np.zeros(LANES, np.float32), np.zeros(LANES, bool)
        tables, grounds = _SCENE.tables, self._grounds
        _drive(self.state, tables, actions)
        step_group(self.state, tables, grounds, self._work)
        _see(self.state, tables, grounds, self._rays, actions, self.observations, self._shaping, rewards, over)
        return rewards, over

    def bodies(self) -> NDArray[np.float32]:
        """[LANES, 5, 6]: x, y, angle, velocity and spin of hull, upper and lower leg 1, upper and lower leg 2."""
        rows = self.state.reshape(-1, LANES)
        begins = [BODY * _SCENE.row_of(body) for body in range(len(_SCENE.bodies))]
        return np.stack([rows[begin : begin + _BODY_NUMBERS].T for begin in begins], axis=1)


@jit
def _begin(state, tables, grounds, pushes):
    for lane in range(LANES):
        start(state, np.int64(0), tables, grounds, pushes, lane, lane)


@jit
def _drive(state, tables, actions):
    for lane in range(LANES):
        set_motors(state, np.int64(0), tables, lane, actions[lane])


@jit
def _see(state, tables, grounds, rays, actions, observations, shaping, rewards, over):
    at = np.int64(0)
    for lane in range(LANES):
        observe(state, at, tables, grounds, lane, observations[lane], rays)
        rewards[lane], fell, ended, shaping[lane] = judge(
            state, at, tables, lane, observations[lane], actions[lane], shaping[lane]
        )
        over[lane] = fell or ended
