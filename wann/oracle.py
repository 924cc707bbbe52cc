"""The forward pass in NumPy: the oracle that every other backend is tested against."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wann.activations import ACTIVATION_OF_CODE
from wann.network import Network
from wann.plasticity import DECAY, LIMIT


def forward(network: Network, weights: ArrayLike, inputs: ArrayLike, dtype: type = np.float64) -> NDArray:
    """Outputs of one network at every weight setting.

    Args:
        network: N computed nodes.
        weights: ``[W]``, one shared weight per setting, or ``[W, E]``, one weight per enabled
            connection of the genome (in gene order) per setting.
        inputs: ``[B, I]``, the same for all settings (`forward_lanes` pairs them one to one).
        dtype: float64, or float32 to follow the kernels.

    Returns:
        ``[W, B, O]``.
    """
    weights = np.asarray(weights, dtype)
    inputs = np.asarray(inputs, dtype)
    per_lane = np.repeat(weights, len(inputs), axis=0)
    outputs = forward_lanes(network, per_lane, np.tile(inputs, (len(weights), 1)), dtype)
    return outputs.reshape(len(weights), len(inputs), network.num_outputs)


def forward_lanes(network: Network, weights: ArrayLike, inputs: ArrayLike, dtype: type = np.float64) -> NDArray:
    """Outputs with one weight setting and one observation per lane. A lane's bits do not depend on other lanes.

    The outputs depend on these inputs alone; `step_lanes` and `Lanes` are for networks with state.

    Args:
        network: N computed nodes.
        weights: ``[L]`` shared, or ``[L, E]`` individual.
        inputs: ``[L, I]``.
        dtype: of the computation.

    Returns:
        ``[L, O]``.

    Raises:
        ValueError: shapes that do not fit the network, or a network with state.
    """
    weights, inputs = _checked(network, weights, inputs, dtype)
    if not network.is_plain:
        return _without_state(network, weights, inputs, dtype)
    if len(inputs) == 1:  # NumPy sums a single column in another order than one of several columns.
        return forward_lanes(network, np.repeat(weights, 2, axis=0), np.repeat(inputs, 2, axis=0), dtype)[:1]
    first_row = 1 + network.num_inputs
    values: NDArray = np.empty((first_row + len(network.activations), len(inputs)), dtype)
    values[0] = 1
    values[1:first_row] = inputs.T
    edge = 0
    for k, (code, fan_in) in enumerate(zip(network.activations, network.fan_in, strict=True)):
        edges = slice(edge, edge + fan_in)
        of_node = weights if weights.ndim == 1 else weights[:, network.connection_ids[edges]].T
        z = _sum(values[network.sources[edges]], of_node)
        values[first_row + k] = ACTIVATION_OF_CODE[int(code)].function(z)
        edge += fan_in
    return values[-network.num_outputs :].T


def _without_state(network: Network, weights: NDArray, inputs: NDArray, dtype: type) -> NDArray:
    if network.num_state:
        raise ValueError(
            f"expected a network without state, found one that carries {network.num_state} numbers from step to step; "
            "wann.oracle.Lanes runs it"
        )
    return step_lanes(network, weights, inputs, np.zeros((0, len(inputs)), dtype), dtype)[0]


def initial_state(network: Network, num_lanes: int, dtype: type = np.float64) -> NDArray:
    """The state at the start of an episode, zeros [S, L]: M memory rows, Q strengths, then running totals."""
    return np.zeros((network.num_state, num_lanes), dtype)


def step_lanes(
    network: Network, weights: ArrayLike, inputs: ArrayLike, state: NDArray, dtype: type = np.float64
) -> tuple[NDArray, NDArray]:
    """One step of an episode of any network; see `forward_lanes`.

    Args:
        network: N computed nodes.
        weights: ``[L]`` shared, or ``[L, E]`` individual.
        inputs: ``[L, I]``.
        state: ``[S, L]``, from `initial_state` or the step before; it is not changed.
        dtype: of the computation.

    Returns:
        Outputs ``[L, O]``, and the state after the step.

    Raises:
        ValueError: shapes that do not fit the network.
    """
    weights, inputs = _checked(network, weights, inputs, dtype)
    if state.shape != (network.num_state, len(inputs)):
        expected = [network.num_state, len(inputs)]
        raise ValueError(f"expected a state of shape {expected}, found {list(state.shape)}")
    if len(inputs) == 1:  # NumPy sums a single column in another order than one of several columns.
        weights, inputs = (np.repeat(array, 2, axis=0) for array in (weights, inputs))
        outputs, after = step_lanes(network, weights, inputs, np.repeat(state, 2, axis=1), dtype)
        return outputs[:1], after[:, :1]
    num_memory, num_plastic = len(network.copies), len(network.plastic)
    values: NDArray = np.empty((network.first_row + len(network.activations), len(inputs)), dtype)
    values[0] = 1
    values[1 : 1 + network.num_inputs] = inputs.T
    values[1 + network.num_inputs : network.first_row] = state[:num_memory]
    after, total = state.astype(dtype), num_memory + num_plastic
    strength_of = {edge: num_memory + q for q, edge in enumerate(network.plastic.tolist())}
    edge = 0
    for k, (code, fan_in) in enumerate(zip(network.activations.tolist(), network.fan_in.tolist(), strict=True)):
        edges = np.arange(edge, edge + fan_in)
        rows = values[network.sources[edges]]
        for place, own in enumerate(edges.tolist()):
            if own in strength_of:
                rows[place] *= state[strength_of[own]]
        of_node = weights if weights.ndim == 1 else weights[:, network.connection_ids[edges]].T
        entry = ACTIVATION_OF_CODE[code]
        if entry.gathers == "total":
            after[total] += _sum(rows, np.ones(len(weights), dtype) if weights.ndim == 1 else of_node)
            z = after[total] * weights if weights.ndim == 1 else after[total]
            total += 1
        elif entry.gathers == "product":
            z = np.multiply(rows, of_node, order="C").prod(axis=0) if fan_in else np.zeros(len(inputs), dtype)
        else:
            z = _sum(rows, of_node)
        values[network.first_row + k] = entry.function(z)
        edge += fan_in
    _learn(network, values, after[num_memory : num_memory + num_plastic])
    for row, source in network.copies.tolist():
        values[row] = values[source]
    after[:num_memory] = values[1 + network.num_inputs : network.first_row]
    return values[-network.num_outputs :].T, after


def forward_episode(network: Network, weights: ArrayLike, inputs: ArrayLike, dtype: type = np.float64) -> NDArray:
    """Outputs of one network at every weight setting, step by step from the initial state.

    Args:
        network: any.
        weights: ``[W]`` shared, or ``[W, E]`` individual.
        inputs: ``[T, B, I]`` of B episodes, the same for all settings.
        dtype: of the computation.

    Returns:
        ``[W, T, B, O]``.
    """
    weights, inputs = np.asarray(weights, dtype), np.asarray(inputs, dtype)
    num_steps, count, _ = inputs.shape
    lanes = Lanes(network, np.repeat(weights, count, axis=0), dtype)
    outputs = [lanes.step(np.tile(inputs[t], (len(weights), 1))) for t in range(num_steps)]
    return np.stack(outputs).reshape(num_steps, len(weights), count, network.num_outputs).swapaxes(0, 1)


class Lanes:
    """One network in L episodes at once, each with a state of its own."""

    def __init__(self, network: Network, weights: ArrayLike, dtype: type = np.float64) -> None:
        """``weights`` are [L] shared, or [L, E] individual. All episodes start."""
        self._network, self._dtype = network, dtype
        self._weights: NDArray = np.asarray(weights, dtype)
        self._state = initial_state(network, len(self._weights), dtype)

    def step(self, inputs: ArrayLike, lanes: ArrayLike | None = None) -> NDArray:
        """Outputs [n, O] of the next step of ``lanes`` [n], by default all, with their inputs [n, I]."""
        chosen = np.arange(len(self._weights)) if lanes is None else np.asarray(lanes)
        weights = self._weights[chosen]
        if self._network.is_plain:
            return forward_lanes(self._network, weights, inputs, self._dtype)
        with np.errstate(over="ignore", invalid="ignore"):  # Loops may grow beyond every float, as in the kernels.
            outputs, after = step_lanes(self._network, weights, inputs, self._state[:, chosen], self._dtype)
        self._state[:, chosen] = after
        return outputs


def _learn(network: Network, values: NDArray, strengths: NDArray) -> None:
    """Change the strengths [Q, L] of plastic connections by the values of a step, in place."""
    targets = network.first_row + np.repeat(np.arange(len(network.fan_in)), network.fan_in)
    pre, post = values[network.sources[network.plastic]], values[targets[network.plastic]]
    strengths[:] = np.clip(DECAY * strengths + pre * post, -LIMIT, LIMIT)


def _sum(rows: NDArray, weights: NDArray) -> NDArray:
    """The weighted sum of rows [n, L], by weights [L] or [n, L]."""
    if weights.ndim == 2:
        return np.multiply(rows, weights, order="C").sum(axis=0)
    return rows.sum(axis=0) * weights


def _checked(network: Network, weights: ArrayLike, inputs: ArrayLike, dtype: type) -> tuple[NDArray, NDArray]:
    weights, inputs = np.asarray(weights, dtype), np.asarray(inputs, dtype)
    if inputs.ndim != 2 or inputs.shape[1] != network.num_inputs or len(weights) != len(inputs):
        raise ValueError(
            f"expected inputs [L, {network.num_inputs}] with L = {len(weights)} weights, found {list(inputs.shape)}"
        )
    if weights.ndim == 2 and network.num_connections and network.connection_ids.max() >= weights.shape[1]:
        raise ValueError(
            f"expected a weight for each enabled connection, at least {network.connection_ids.max() + 1}, "
            f"found {weights.shape[1]}"
        )
    return weights, inputs
