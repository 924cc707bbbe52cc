"""Environments as strangers write them; the tests copy this file to a working directory and import it there.

It imports nothing of this project.
"""

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete


class Corridor(gymnasium.Env):
    """Walk to the right end of a corridor; it draws itself."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 5}  # noqa: RUF012
    observation_space = Box(-1, 1, (2,), np.float32)
    action_space = Discrete(2)

    def __init__(self, length: int = 6, render_mode: str | None = None) -> None:
        self.length, self.render_mode = length, render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = int(self.np_random.integers(self.length))
        return self.look(), {}

    def look(self):
        return np.array([self.place / self.length, 1.0], np.float32)

    def step(self, action):
        self.place = max(0, self.place + (1 if action == 1 else -1))
        there = self.place >= self.length
        return self.look(), 1.0 if there else -0.1, there, False, {}

    def render(self):
        picture = np.full((16, 64, 3), 255, np.uint8)
        left = int(60 * min(self.place / self.length, 1))
        picture[4:12, left : left + 4] = 0
        return picture


class Keys(Corridor):
    """The same with a dict to observe, drawn as text only."""

    metadata = {"render_modes": ["ansi"]}  # noqa: RUF012
    observation_space = Dict({"place": Box(0, 2, (1,), np.float32), "door": Discrete(2)})

    def look(self):
        place = np.array([self.place / self.length], np.float32)
        return {"place": place, "door": int(self.place + 1 >= self.length)}

    def render(self):
        return "." * self.place + "@"


class Grid(Corridor):
    """The same seen as MiniGrid shows its rooms: 7 x 7 cells of object, colour and state."""

    observation_space = Box(0, 255, (7, 7, 3), np.uint8)

    def look(self):
        cells = np.zeros((7, 7, 3), np.uint8)
        cells[3, min(self.place, 6)] = (10, 1, 0)
        return cells


class Dials(gymnasium.Env):
    """Turn two dials to where the lamps are. It takes no render mode, and cannot be drawn."""

    observation_space = Box(0, 1, (5,), np.float32)
    action_space = MultiDiscrete([2, 3])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps, self.lamps = 0, self.np_random.integers([2, 3])
        return self.look(), {}

    def look(self):
        return np.concatenate([np.arange(n) == lamp for n, lamp in zip((2, 3), self.lamps, strict=True)]).astype("f4")

    def step(self, action):
        assert self.action_space.contains(action)
        self.steps += 1
        reward = float((action == self.lamps).mean())
        self.lamps = self.np_random.integers([2, 3])
        return self.look(), reward, self.steps == 8, False, {}


class Lantern(gymnasium.Env):
    """A reward for each step in which the light is on; its own limit is 10 steps, and no picture comes of it."""

    observation_space = Box(-1, 1, (2,), np.float32)
    action_space = Discrete(2)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.np_random.uniform(-1, 1, 2).astype("f4"), {}

    def step(self, action):
        assert isinstance(action, int)
        return self.np_random.uniform(-1, 1, 2).astype("f4"), float(action), False, False, {}

    def render(self):
        return None


gymnasium.register("Corridor-v0", Corridor, max_episode_steps=20)
gymnasium.register("Keys-v0", Keys, max_episode_steps=20)
gymnasium.register("Grid-v0", Grid, max_episode_steps=20)
gymnasium.register("Dials-v0", Dials, max_episode_steps=20)
gymnasium.register("Lantern-v0", Lantern, max_episode_steps=10)
