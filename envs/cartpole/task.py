"""CartPoleSwingUp as a batched task: lane kernels in float32, and the equations in float64 as the oracle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from envs.cartpole import physics
from envs.task import Returns, Seeds, Weights, check_networks, lane_grid, weight_table, weights_of_one
from wann.errors import UserError
from wann.network import Network, Networks, widened
from wann.oracle import Lanes

if TYPE_CHECKING:
    import gymnasium


@dataclass(frozen=True)
class CartPoleSwingUp:
    """The batched task; see `envs.task.Task`.

    Options: ``max_steps`` shortens episodes, ``hard`` draws the wide start states, ``velocities: false`` shows networks
    only the position and the angle, so that they need memory. There is no ``stall_steps``: rewards are never negative,
    so a return never stalls.
    """

    max_steps: int = physics.EPISODE_STEPS
    hard: bool = False
    velocities: bool = True

    name: ClassVar[str] = "cartpole_swingup"
    input_choice: ClassVar[str] = "velocities"
    num_outputs: ClassVar[int] = len(physics.OUTPUT_NAMES)
    output_names: ClassVar[tuple[str, ...]] = physics.OUTPUT_NAMES
    simulated_by: ClassVar[str] = "lane kernels, float32"
    keeps_state: ClassVar[bool] = True
    safe_at_home: ClassVar[bool] = True  # plain arithmetic that cannot hang or end a process
    oracle_together: ClassVar[int] = 1024  # with fewer lanes, calls of NumPy take nearly as long

    def __post_init__(self) -> None:
        if self.max_steps < 1:
            raise UserError(key="task.max_steps", expected="at least 1", found=str(self.max_steps))

    @property
    def sees(self) -> tuple[int, ...]:
        """[I] numbers of the observations that networks see, ascending."""
        return tuple(range(len(physics.INPUT_NAMES))) if self.velocities else physics.NOT_VELOCITIES

    @property
    def num_inputs(self) -> int:
        return len(self.sees)

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(physics.INPUT_NAMES[index] for index in self.sees)

    @property
    def reported(self) -> CartPoleSwingUp:
        """Whole episodes."""
        return replace(self, max_steps=physics.EPISODE_STEPS)

    def evaluate(self, networks: Networks, weights: Weights, seeds: Seeds) -> Returns:
        """Run every network at every weight on every seed; see `envs.task.Task.evaluate`."""
        from envs.cartpole.kernels import simulate
        from envs.cartpole.state_kernels import simulate_with_state

        check_networks(self, networks)
        weight_index, lane_seeds = lane_grid(weights, seeds)
        starts = np.array([physics.seeded_start(seed, self.hard) for seed in lane_seeds.ravel().tolist()], np.float32).T
        table, individual = weight_table(networks, weights)
        values = np.zeros((len(networks), lane_seeds.size), np.float32)
        steps = np.zeros(values.shape, np.int64)
        networks = widened(networks, self.sees, len(physics.INPUT_NAMES))
        own, programs = np.ascontiguousarray(table[:, weight_index.ravel()]), networks.program_arrays()
        rest = np.ascontiguousarray(starts), own, individual, self.max_steps, values, steps
        if networks.is_plain:
            simulate(programs, *rest)
        else:
            simulate_with_state(programs, networks.state_arrays(), *rest)
        shape = (len(networks), *lane_seeds.shape)
        return Returns(values.astype(np.float64).reshape(shape), steps.reshape(shape))

    def evaluate_oracle(self, network: Network, weights: ArrayLike, seeds: Seeds) -> Returns:
        """Run one network in float64; the equations of `envs.cartpole.physics` step every lane."""
        check_networks(self, network)
        weights = np.asarray(weights, np.float64)
        weight_index, lane_seeds = lane_grid(weights_of_one(weights), seeds)
        lanes = Lanes(network, weights[weight_index.ravel()])
        state = np.array([physics.seeded_start(seed, self.hard) for seed in lane_seeds.ravel().tolist()])
        alive = np.ones(len(state), bool)
        returns, steps = np.zeros(len(state)), np.zeros(len(state), np.int64)
        for _ in range(self.max_steps):
            action = lanes.step(self.inputs_of(physics.observe(state)))[:, 0]
            state = np.where(alive[:, None], physics.step(state, action), state)
            returns += np.where(alive, physics.reward(state), 0)
            steps += alive
            alive &= ~physics.off_track(state)
            if not alive.any():
                break
        return Returns(returns.reshape(1, *lane_seeds.shape), steps.reshape(1, *lane_seeds.shape))

    def make_environment(self, **kwargs: Any) -> gymnasium.Env:
        """Make Gymnasium's environment of this task, in float64, with further arguments such as a render mode."""
        import gymnasium

        from envs.cartpole import environment as cartpole_swingup_env

        cartpole_swingup_env.register()
        id = "CartPoleSwingUpHard-v0" if self.hard else "CartPoleSwingUp-v0"
        environment = gymnasium.make(id, max_episode_steps=self.max_steps, disable_env_checker=True, **kwargs)
        inner: Any = environment.unwrapped
        # With observations rounded to float32, as in Gymnasium, an episode would drift away from the oracle's.
        return gymnasium.wrappers.TransformObservation(environment, lambda _: physics.observe(inner.state), None)

    def inputs_of(self, observations: NDArray) -> NDArray[np.float64]:
        """A network's inputs [n, I] of n observations [n, 5]."""
        return observations[:, self.sees].astype(np.float64)

    def actions_of(self, outputs: NDArray) -> NDArray:
        """n actions of a network's outputs [n, 1]."""
        return outputs

    def describe_actions(self) -> dict[str, Any]:
        """See `envs.task.DescribesActions`."""
        rule = f"the output, clipped to -1 to 1, times {physics.FORCE:g} N is the force on the cart"
        return {"kind": "box", "low": [-1.0], "high": [1.0], "rule": rule}
