"""The forward pass in NumPy: the oracle that every other backend is tested against."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wann.activations import ACTIVATION_OF_CODE
from wann.network import Network


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

    Args:
        network: N computed nodes.
        weights: ``[L]`` shared, or ``[L, E]`` individual.
        inputs: ``[L, I]``.
        dtype: of the computation.

    Returns:
        ``[L, O]``.

    Raises:
        ValueError: shapes that do not fit the network.
    """
    weights = np.asarray(weights, dtype)
    inputs = np.asarray(inputs, dtype)
    if inputs.ndim != 2 or inputs.shape[1] != network.num_inputs or len(weights) != len(inputs):
        raise ValueError(
            f"expected inputs [L, {network.num_inputs}] with L = {len(weights)} weights, found {list(inputs.shape)}"
        )
    if weights.ndim == 2 and network.num_connections and network.connection_ids.max() >= weights.shape[1]:
        raise ValueError(
            f"expected a weight for each enabled connection, at least {network.connection_ids.max() + 1}, "
            f"found {weights.shape[1]}"
        )
    if len(inputs) == 1:  # NumPy sums a single column in another order than one of several columns.
        return forward_lanes(network, np.repeat(weights, 2, axis=0), np.repeat(inputs, 2, axis=0), dtype)[:1]
    first_row = 1 + network.num_inputs
    values: NDArray = np.empty((first_row + len(network.activations), len(inputs)), dtype)
    values[0] = 1
    values[1:first_row] = inputs.T
    edge = 0
    for k, (code, fan_in) in enumerate(zip(network.activations, network.fan_in, strict=True)):
        edges = slice(edge, edge + fan_in)
        rows = values[network.sources[edges]]
        if weights.ndim == 2:
            z = np.multiply(rows, weights[:, network.connection_ids[edges]].T, order="C").sum(axis=0)
        else:
            z = rows.sum(axis=0) * weights
        values[first_row + k] = ACTIVATION_OF_CODE[int(code)].function(z)
        edge += fan_in
    return values[-network.num_outputs :].T
