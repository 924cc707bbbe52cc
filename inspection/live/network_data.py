"""A champion's compiled program as JSON, which the network in the page runs and its diagram draws."""

from __future__ import annotations

from typing import Any

from inspection.drawing.layout import delays_of, ends_of
from wann.activations import ACTIVATION_OF_CODE
from wann.champion import Champion
from wann.network import compile_genome


def program_data(champion: Champion) -> dict[str, Any]:
    """The fields of `wann.network.Network`, activations by name, beside the names of inputs and outputs.

    Sources are rows of the diagram, which has none for memory (`inspection.drawing.layout.ends_of`). A delayed
    connection reads the value of its source so many steps ago.

    Returns:
        ``delays`` [E] are in steps, or None if there are none; ``plastic`` are places among the E live connections.
        ``num_weights`` is the number of enabled connections, which ``connection_ids`` point into; ``weights`` are the
        champion's individual ones, by connection id, or None.
    """
    network = compile_genome(champion.genome)
    individual, delays = champion.individual_weights, delays_of(network)
    return {
        "num_inputs": network.num_inputs,
        "num_outputs": network.num_outputs,
        "num_weights": champion.genome.num_enabled,
        "activations": [ACTIVATION_OF_CODE[code].name for code in network.activations.tolist()],
        "fan_in": network.fan_in.tolist(),
        "sources": ends_of(network)[:, 0].tolist(),
        "delays": delays.tolist() if delays.any() else None,
        "plastic": network.plastic.tolist(),
        "connection_ids": network.connection_ids.tolist(),
        "input_names": list(champion.input_names),
        "output_names": list(champion.output_names),
        "weights": None if individual is None else list(individual),
    }
