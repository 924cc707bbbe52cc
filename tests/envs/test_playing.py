"""Environments that draw, and the reasons of those that do not."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from envs.gymnasium.task import GymnasiumTask
from envs.playing import CannotDraw, Episode, drawable_environment
from networks import random_networks


class Plain(gymnasium.Env):
    """Takes no render mode at all."""

    observation_space = Box(-1, 1, (2,))
    action_space = Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}

    def step(self, action):
        return np.zeros(2, np.float32), 1.0, False, False, {}


class Drawn(Plain):
    """Its render() gives what the id says."""

    metadata = {"render_modes": ["rgb_array", "ansi"]}  # noqa: RUF012

    def __init__(self, render_mode=None, gives="picture"):
        if gives == "no opengl" and render_mode:
            raise RuntimeError("an OpenGL platform library has not been loaded\nmore of it")
        self.render_mode, self.gives = render_mode, gives

    def render(self):
        if self.gives == "error":
            raise OSError("no framebuffer")
        return {
            "picture": np.zeros((4, 6, 3), np.uint8),
            "nothing": None,
            "text": "+--+",
            "grey": np.zeros((4, 6), np.uint8),
        }[self.gives]


gymnasium.register("TestPlain-v0", Plain, max_episode_steps=5)
gymnasium.register("TestDrawn-v0", Drawn, max_episode_steps=5)


@pytest.mark.parametrize(
    ("id", "kwargs", "reason"),
    [
        (
            "TestPlain-v0",
            {},
            r"cannot be made with the render mode rgb_array \(TypeError: Plain\(\) takes no arg",
        ),
        ("TestDrawn-v0", {"gives": "no opengl"}, r"cannot be made .*\(RuntimeError: an OpenGL .* loaded\)$"),
        ("TestDrawn-v0", {"gives": "nothing"}, "gives NoneType where a picture is expected"),
        ("TestDrawn-v0", {"gives": "text"}, "gives str where a picture is expected"),
        ("TestDrawn-v0", {"gives": "grey"}, r"shape \[4, 6\]"),
        ("TestDrawn-v0", {"gives": "error"}, r"render\(\) fails \(OSError: no framebuffer\)"),
    ],
)
def test_the_reason_why_an_environment_cannot_be_drawn(id, kwargs, reason):
    task = GymnasiumTask(id, kwargs)
    with pytest.raises(CannotDraw, match=reason) as caught:
        drawable_environment(task)
    assert caught.value.reason == str(caught.value)
    assert "\n" not in caught.value.reason and len(caught.value.reason) < 300
    network = random_networks(2, 2, 1, np.random.default_rng(1))[0]
    with pytest.raises(CannotDraw, match=reason):
        Episode(task, network, [1.0], 0, render=True)
    with Episode(task, network, [1.0], 0) as episode:  # it plays all the same
        while not episode.over:
            episode.step()
        assert episode.value == episode.steps == 5


def test_one_that_draws():
    environment = drawable_environment(GymnasiumTask("TestDrawn-v0"))
    environment.reset(seed=1)
    assert environment.render().shape == (4, 6, 3)
    environment.close()


def test_a_drawn_episode_is_the_oracles():
    """The environment that was tried is not the one that is played."""
    pytest.importorskip("Box2D")
    pytest.importorskip("pygame")
    task = GymnasiumTask("BipedalWalker-v3", max_steps=20)
    network = random_networks(24, 4, 1, np.random.default_rng(3))[0]
    with Episode(task, network, [1.0], 3, render=True) as episode:
        while not episode.over:
            episode.step()
        assert episode.environment.render().ndim == 3
        assert episode.value == task.evaluate_oracle(network, [1.0], [3]).values.item()
