"""BipedalWalker-v3 and BipedalWalkerHardcore-v3: EnvPool for speed, Gymnasium as the reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from envs.box2d.simulation import Box2DTask
from envs.gymnasium.spaces import known_names

_INPUTS, _OUTPUTS = known_names("BipedalWalker")


@dataclass(frozen=True)
class BipedalWalker(Box2DTask):
    """The batched task; see `envs.task.Task`. The four outputs, clipped to +-1, are the torques.

    Options:
        hardcore: stumps, pits and stairs, and 2000 steps instead of 1600.
        fall_penalty: a fall costs 100, as in Gymnasium. Without it the step that falls gives 0. (The published search
            gave that step its reward for moving, which a simulator does not report.)
        max_steps: length at which an episode is cut.
        stall_steps: an episode is cut when its return has reached no new maximum for so many steps.
        simulator: envpool, gymnasium, or auto, which is EnvPool if it is installed.
    """

    hardcore: bool = False
    fall_penalty: bool = True
    max_steps: int | None = None
    stall_steps: int | None = None
    simulator: str = "auto"

    name: ClassVar[str] = "bipedal_walker"
    num_inputs: ClassVar[int] = len(_INPUTS)
    num_outputs: ClassVar[int] = len(_OUTPUTS)
    input_names: ClassVar[tuple[str, ...]] = _INPUTS
    output_names: ClassVar[tuple[str, ...]] = _OUTPUTS
    # Enough environments to share the cost of a call; each takes .28 MB in EnvPool.
    waves: ClassVar[dict[str, int]] = {"envpool": 256, "gymnasium": 32}

    @property
    def id(self) -> str:
        return "BipedalWalkerHardcore-v3" if self.hardcore else "BipedalWalker-v3"

    @property
    def fall_reward(self) -> float | None:
        return None if self.fall_penalty else 0.0

    @property
    def reported(self) -> BipedalWalker:
        return replace(super().reported, fall_penalty=True)

    def actions_of(self, outputs: NDArray) -> NDArray[np.float32]:
        """n torques [n, 4] of a network's outputs [n, 4]."""
        return np.clip(outputs, -1, 1).astype(np.float32)

    def describe_actions(self) -> dict[str, Any]:
        """See `envs.task.DescribesActions`."""
        rule = "each output, clipped to -1 to 1, is the torque of a joint"
        return {"kind": "box", "low": [-1.0] * 4, "high": [1.0] * 4, "rule": rule}
