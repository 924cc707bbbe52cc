"""A task of one's own: push a puck to the middle of a line, and hold it there.

``python examples/own_task.py`` checks the task and runs the search of own_task.yaml, which names it
``own_task:Puck``. From this directory ``python ../run_search.py own_task.yaml`` does the same.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from envs.task import Returns, check_networks, evaluate_one_by_one, lane_grid, weights_of_one
from wann import forward_lanes


@dataclass(frozen=True)  # its fields are the options that a config may give
class Puck:
    max_steps: int = 40
    push: float = 0.2

    name: ClassVar[str] = "puck"
    num_inputs: ClassVar[int] = 2
    num_outputs: ClassVar[int] = 1
    input_names: ClassVar[tuple[str, ...]] = ("place", "speed")
    output_names: ClassVar[tuple[str, ...]] = ("push",)
    simulated_by: ClassVar[str] = "NumPy"

    @property
    def reported(self):
        return self  # a champion is chosen on the same episodes as those of the search

    def evaluate(self, networks, weights, seeds):
        return evaluate_one_by_one(self, networks, weights, seeds)

    def evaluate_oracle(self, network, weights, seeds):
        check_networks(self, network)
        weights = np.asarray(weights, float)
        setting, seed = lane_grid(weights_of_one(weights), seeds)  # both [W, R]: an episode for each
        place = np.array([np.random.default_rng(each).uniform(-1, 1) for each in seed.ravel()])
        speed, returns = np.zeros_like(place), np.zeros_like(place)
        for _ in range(self.max_steps):
            outputs = forward_lanes(network, weights[setting.ravel()], np.stack([place, speed], axis=1))
            speed = 0.9 * speed + self.push * np.clip(outputs[:, 0], -1, 1)
            place = place + speed
            returns += 1 - np.minimum(np.abs(place), 2)
        steps = np.full(seed.shape, self.max_steps)
        return Returns(returns.reshape(1, *seed.shape), steps[None])


if __name__ == "__main__":
    import run_search
    from envs.testing import check_task

    check_task(Puck())
    raise SystemExit(run_search.main([str(Path(__file__).with_suffix(".yaml"))]))
