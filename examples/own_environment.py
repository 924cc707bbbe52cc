"""A Gymnasium environment of one's own, with observations that are no vector: a walk through a field with holes.

``python examples/own_environment.py`` runs the search of own_environment.yaml, whose id ``own_environment:Field-v0``
says which module registers the environment. From this directory ``python ../run_search.py own_environment.yaml`` does
the same.
"""

from pathlib import Path

import gymnasium
import numpy as np
from gymnasium import spaces

SIDE = 5


class Field(gymnasium.Env):
    """Walk from a corner to the opposite one; the observation is what lies around, and where one stands."""

    def __init__(self):
        around = spaces.MultiBinary((3, 3))
        self.observation_space = spaces.Dict({"holes": around, "place": spaces.Box(0, 1, (2,), np.float64)})
        self.action_space = spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.holes = np.pad(self.np_random.random((SIDE, SIDE)) < 0.15, 1)
        self.place = np.array([1, 1])
        return self._observe(), {}

    def step(self, action):
        steps = [(1, 0), (0, 1), (-1, 0), (0, -1)]
        before = self.place.sum()
        self.place = np.clip(self.place + steps[action], 1, SIDE)
        fell, home = bool(self.holes[tuple(self.place)]), bool((self.place == SIDE).all())
        reward = float(self.place.sum() - before) + 10 * home - 5 * fell
        return self._observe(), reward, fell or home, False, {}

    def _observe(self):
        row, column = self.place
        around = self.holes[row - 1 : row + 2, column - 1 : column + 2].astype(np.int8)
        return {"holes": around, "place": (self.place - 1) / (SIDE - 1)}


def make_field():
    """The environment in a wrapper: each step costs a little, so that short ways are better."""
    return gymnasium.wrappers.TransformReward(Field(), lambda reward: reward - 0.1)


gymnasium.register("Field-v0", make_field, max_episode_steps=30)

if __name__ == "__main__":
    import run_search

    raise SystemExit(run_search.main([str(Path(__file__).with_suffix(".yaml"))]))
