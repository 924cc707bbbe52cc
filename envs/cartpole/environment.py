"""CartPoleSwingUp as a Gymnasium environment: ``CartPoleSwingUp-v0`` and ``CartPoleSwingUpHard-v0``.

The equations and the start states are those of `envs.cartpole.task`, in float64. Importing this module
registers both ids, so ``gymnasium.make("envs.cartpole.environment:CartPoleSwingUp-v0")`` needs no other
import. (Gymnasium 1.0 removed the plugins that registered environments of installed packages.)
"""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from envs.cartpole import physics
from wann.errors import UserError, did_you_mean

_TRAIL = 30  # steps of the pole's tip that a picture shows


class CartPoleSwingUpEnv(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """A pole hangs from a cart; swing it up and balance it near the middle of the track.

    Observation: [x, x', cos theta, sin theta, theta'] in m, m/s and rad/s; theta = 0 is upright.
    Action: [1], the force as a share of 10 N, clipped to +-1.
    Reward: (cos theta + 1)/2 * cos(pi/2 x/2.4), at most 1.
    The episode terminates when the cart leaves the track, |x| > 2.4; `gymnasium.make` truncates it after
    1000 steps of 0.01 s.

    Args:
        render_mode: ``"rgb_array"``, ``"human"`` or None.
        hard: draw start states from the wide range; ``reset(options={"hard": ...})`` decides for one episode.
    """

    # With a frame per step, 50 frames a second show the motion at half its speed, which the eye can follow.
    # Real time would need 100, more than most screens and any GIF can show.
    metadata: dict[str, Any] = {"render_modes": ["human", "rgb_array"], "render_fps": 50}  # noqa: RUF012 (as in the base)

    options: ClassVar[tuple[str, ...]] = ("hard",)

    def __init__(self, render_mode: str | None = None, hard: bool = False) -> None:
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            modes = self.metadata["render_modes"]
            raise UserError(
                key="render_mode",
                expected=f"one of {modes} or None",
                found=f"{render_mode!r}{did_you_mean(str(render_mode), modes)}",
            )
        self.render_mode = render_mode
        self.hard = hard
        # The last observation of an episode lies beyond the track. Velocities are unbounded.
        high = np.array([2 * physics.TRACK_LIMIT, np.inf, 1, 1, np.inf], np.float32)
        self.observation_space = gymnasium.spaces.Box(-high, high)
        self.action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)
        self.state = np.array([0, 0, np.pi, 0])  # [x, x', theta, theta']
        self._begin_episode()
        self._window: Any = None
        self._clock: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode; a seed gives the start of `envs.cartpole.physics.seeded_start`."""
        super().reset(seed=seed)
        options = options or {}
        for name in options:
            if name not in self.options:
                raise UserError(
                    key="options",
                    expected="options that reset knows",
                    found=f"{name!r}{did_you_mean(name, self.options)}",
                )
        self.state = physics.start_state(self.np_random, bool(options.get("hard", self.hard)))
        self._begin_episode()
        self._after_change()
        return self._observation(), {}

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Advance by 0.01 s under ``action [1]``."""
        action = np.asarray(action, np.float64)
        if action.size != 1:
            raise ValueError(f"expected an action of shape [1], found {list(action.shape)}")
        self._tips.append((float(self.state[0]), float(self.state[2])))
        self._action = action.item()
        self.state = physics.step(self.state, action.reshape(()))
        self._reward = float(physics.reward(self.state))
        self._total += self._reward
        self._steps += 1
        self._after_change()
        return self._observation(), self._reward, bool(physics.off_track(self.state)), False, {}

    def render(self) -> NDArray[np.uint8] | None:
        """[360, 720, 3] in mode ``rgb_array``; None otherwise (mode ``human`` shows each step by itself)."""
        if self.render_mode is None:
            gymnasium.logger.warn("render() shows nothing without a render_mode; give one to gymnasium.make")
            return None
        surface = self._picture()
        if self.render_mode == "human":
            self._show(surface)
            return None
        import pygame

        rows = pygame.image.tobytes(surface, "RGB")  # five times as fast as pygame.surfarray
        return np.frombuffer(rows, np.uint8).reshape(*surface.get_size()[::-1], 3).copy()

    def close(self) -> None:
        """Close the window, if there is one; may be called twice."""
        if self._window is not None:
            import pygame

            pygame.display.quit()
            self._window = None

    def _begin_episode(self) -> None:
        self._steps, self._action, self._reward, self._total = 0, 0.0, 0.0, 0.0
        self._tips: deque[tuple[float, float]] = deque(maxlen=_TRAIL)

    def _observation(self) -> NDArray[np.float32]:
        return physics.observe(self.state).astype(np.float32)

    def _after_change(self) -> None:
        if self.render_mode == "human":
            self.render()

    def _picture(self) -> Any:
        try:
            from envs.cartpole import picture as cartpole_picture
        except ImportError as error:
            raise gymnasium.error.DependencyNotInstalled(
                'rendering needs pygame: pip install "gymnasium[classic-control]"'
            ) from error

        return cartpole_picture.draw(
            cartpole_picture.Frame(
                x=float(self.state[0]),
                angle=float(self.state[2]),
                action=self._action,
                seconds=self._steps * physics.TIME_STEP,
                reward=self._reward,
                total=self._total,
                tips=tuple(self._tips),
            )
        )

    def _show(self, surface: Any) -> None:
        import pygame

        if self._window is None:
            pygame.display.init()
            pygame.display.set_caption("CartPoleSwingUp")
            self._window = pygame.display.set_mode(surface.get_size())
            self._clock = pygame.time.Clock()
        self._window.blit(surface, (0, 0))
        pygame.event.pump()
        pygame.display.flip()
        self._clock.tick(self.metadata["render_fps"])


def register() -> None:
    """Register both ids with Gymnasium; calling it again changes nothing."""
    for id, kwargs in (("CartPoleSwingUp-v0", {}), ("CartPoleSwingUpHard-v0", {"hard": True})):
        if id not in gymnasium.registry:
            gymnasium.register(
                id=id,
                entry_point="envs.cartpole.environment:CartPoleSwingUpEnv",
                max_episode_steps=physics.EPISODE_STEPS,
                kwargs=kwargs,
            )


register()
