"""The pole that a champion balances in the page: constants of `envs.cartpole.physics`, and start states."""

from __future__ import annotations

import numpy as np

from envs.cartpole import physics
from envs.cartpole.task import CartPoleSwingUp
from inspection.live.part import LivePart


def pole_part(task: CartPoleSwingUp, seed: int) -> LivePart:
    """The pole's widget. The first start is that of ``env.reset(seed=seed)``; the page draws further ones itself."""
    return LivePart(
        kind="pole",
        data={
            "seed": seed,
            "hard": task.hard,
            "sees": list(task.sees),
            "start": list(physics.seeded_start(seed, task.hard)),
            "steps": physics.EPISODE_STEPS,
            "spread": physics.START_SPREAD,
            "hard_reach": [physics.TRACK_LIMIT, 10.0, np.pi / 2, 10.0],
            "physics": {
                "gravity": physics.GRAVITY,
                "cart_mass": physics.CART_MASS,
                "pole_mass": physics.POLE_MASS,
                "pole_length": physics.POLE_LENGTH,
                "friction": physics.FRICTION,
                "force": physics.FORCE,
                "time_step": physics.TIME_STEP,
                "track_limit": physics.TRACK_LIMIT,
            },
        },
        scripts=("live_controls.js", "live_pole.js"),
    )
