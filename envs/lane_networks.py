"""The networks of lanes that step together, in float32, each with the state of its episode."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from envs.task import Weights, weight_table
from wann.network import Networks


class LaneNetworks:
    """Runs P networks at W weight settings, for simulators that compute all lanes in one call.

    Attributes:
        num_state: S, numbers that a lane carries from step to step.
    """

    def __init__(self, networks: Networks, weights: Weights) -> None:
        from wann.kernels.state_forward import Buffers
        from wann.kernels.wave_forward import wave_outputs, wave_steps

        programs, states = networks.program_arrays(), networks.state_arrays()
        table, individual = weight_table(networks, weights)
        self.num_state = int(networks.num_state().max(initial=0))
        self._outputs = partial(wave_outputs, programs, table, individual)
        self._steps = None
        if not networks.is_plain:
            self._steps = partial(wave_steps, programs, states, table, individual)
            self._buffers = Buffers.of(programs, states, networks.num_inputs, 1, individual)

    def initial_state(self, num_lanes: int) -> NDArray[np.float32]:
        """Zeros [L, S], for episodes that start."""
        return np.zeros((num_lanes, self.num_state), np.float32)

    def run(
        self,
        lanes: NDArray[np.int64],
        networks: NDArray[np.int64],
        settings: NDArray[np.int64],
        inputs: NDArray[np.float64],
        state: NDArray[np.float32],
        outputs: NDArray[np.float32],
    ) -> None:
        """Run one step of n lanes. No lane's bits depend on the others.

        Args:
            lanes: [n].
            networks: [n] index of each lane's network.
            settings: [n] index of its weight setting.
            inputs: [n, I].
            state: [L, S], from `initial_state` or the step before, changed.
            outputs: [n, O], written.
        """
        if self._steps is None:
            self._outputs(networks, settings, inputs, outputs)
        else:
            self._steps(lanes, networks, settings, inputs, state, self._buffers, outputs)
