"""Environments that cannot draw, each in a way of its own."""

from __future__ import annotations

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete


class _Corridor(gymnasium.Env):
    """Ten steps to the right end a corridor."""

    observation_space = Box(-1, 1, (2,))
    action_space = Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = self.np_random.uniform(-0.1, 0.1)
        return self._seen(), {}

    def step(self, action):
        self.place += 0.1 * (2 * action - 1)
        return self._seen(), float(action), abs(self.place) >= 1, False, {}

    def _seen(self):
        return np.array([self.place, 1], np.float32)


class NoRenderMode(_Corridor):
    """Takes no argument ``render_mode``."""


class DrawsNothing(_Corridor):
    """``render()`` gives None."""

    def __init__(self, render_mode=None):
        self.render_mode = render_mode

    def render(self):
        return None


class DrawsText(DrawsNothing):
    """Draws in ``ansi`` alone."""

    metadata = {"render_modes": ["ansi"]}  # noqa: RUF012 - Gymnasium's

    def render(self):
        return "----x----"


class NeedsOpenGL(DrawsNothing):
    """Fails in ``render()``, as MuJoCo does without OpenGL."""

    def render(self):
        raise RuntimeError("an OpenGL platform library has not been loaded into this process")


ALL = (NoRenderMode, DrawsNothing, DrawsText, NeedsOpenGL)


def register() -> list[str]:
    """The ids, known to Gymnasium from now on."""
    ids = []
    for kind in ALL:
        ids.append(f"{kind.__name__}-v0")
        if ids[-1] not in gymnasium.registry:
            gymnasium.register(ids[-1], kind, max_episode_steps=20)
    return ids
