"""Safe mutation: of several mutants of a parent, the first that acts almost, but not exactly, like the parent.

Most mutants of a good controller either behave identically or fail at once. Their actions on states that good genomes
have met distinguish the two, at a thousandth of the cost of an episode. Lehman, Chen, Clune & Stanley 2018 (arXiv
1712.06563) use this idea to scale steps in weight space. Here, mutants of a topology are drawn until one fits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from configs.schema import SafeMutationConfig
from evolution.protocol import Behaviour
from wann.network import Networks, require_plain
from wann.randomness import Purpose, episode_seeds

# Number of children whose mutants are evaluated together. It limits the memory.
_BLOCK = 32


class SafeMutation:
    """States that good genomes have met, and the choice of mutants by their actions in these states."""

    def __init__(self, config: SafeMutationConfig, behaviour: Behaviour) -> None:
        self.config, self._behaviour = config, behaviour
        self._inputs = np.zeros((0, 0), np.float32)  # [I, L]
        self._weights = np.zeros(0, np.float32)  # [L]

    def is_due(self, generation: int) -> bool:
        """True in generations that collect new states. They are renewed because the population changes."""
        return not len(self._weights) or generation % self.config.refresh == 0

    def observe(self, leaders: Networks, weights: NDArray[np.float64], seed: int, generation: int) -> None:
        """Collect the states from one episode of each leader, at the weights in turn, at least one for each weight.

        ``seed`` is the run's. If the episodes give no observations, the states stay as they were.
        """
        num_episodes = max(len(leaders), len(weights))
        seeds = episode_seeds(seed, Purpose.OBSERVATION, generation, num_episodes)
        share = max(1, self.config.states // num_episodes)
        inputs, lanes = [], []
        for index in range(num_episodes):
            weight = weights[index % len(weights)]
            met = self._behaviour.observe(leaders[index % len(leaders)], float(weight), int(seeds[index]))
            if len(met):
                inputs.append(met[np.linspace(0, len(met) - 1, share).astype(np.int64)])
                lanes.append(np.full(share, weight))
        if inputs:
            self._inputs = np.ascontiguousarray(np.concatenate(inputs).T, np.float32)
            self._weights = np.concatenate(lanes).astype(np.float32)

    def choose(self, parents: Networks, mutants: Networks) -> NDArray[np.int64]:
        """Rows of the chosen mutants [P].

        Args:
            parents: the parents of the P children.
            mutants: ``candidates`` mutants of each parent, in that order.
        """
        candidates = self.config.candidates
        chosen = [np.zeros(0, np.int64)]
        for begin in range(0, len(parents), _BLOCK):
            rows = np.arange(begin, min(begin + _BLOCK, len(parents)))
            old = self._actions(parents.take(rows))
            new = self._actions(mutants.take(np.arange(rows[0] * candidates, (rows[-1] + 1) * candidates)))
            new = new.reshape(len(rows), candidates, -1)
            divergence = np.abs(new - old.reshape(len(rows), 1, -1)).mean(axis=2)
            chosen.append(rows * candidates + self._first_fit(divergence))
        return np.concatenate(chosen)

    def state(self) -> dict[str, NDArray]:
        """The states, for a checkpoint."""
        return {"safe.inputs": self._inputs, "safe.weights": self._weights}

    def restore(self, arrays: dict[str, NDArray]) -> None:
        self._inputs, self._weights = arrays["safe.inputs"], arrays["safe.weights"]

    def _first_fit(self, divergence: NDArray[np.float64]) -> NDArray[np.int64]:
        """For each row of [n, candidates]: the first within the limits, else the least above them, else the first."""
        beyond = np.where(divergence > self.config.least, divergence, np.inf)
        fits = beyond <= self.config.most
        return np.where(fits.any(axis=1), fits.argmax(axis=1), beyond.argmin(axis=1))

    def _actions(self, networks: Networks) -> NDArray[np.float64]:
        """Actions of all networks in all states, [P, L x A]."""
        from wann.kernels.batch_forward import batch_outputs

        require_plain(networks)
        outputs = np.empty((len(networks), networks.num_outputs, len(self._weights)), np.float32)
        batch_outputs(networks.program_arrays(), self._inputs, self._weights, outputs)
        flat = outputs.transpose(0, 2, 1).reshape(-1, networks.num_outputs)
        return np.nan_to_num(self._behaviour.actions_of(flat)).astype(np.float64).reshape(len(networks), -1)
