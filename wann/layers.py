"""A network as groups of nodes with the same level and activation, which a model computes at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.activations import ACTIVATION_OF_CODE
from wann.network import Network, Networks, node_levels, require_plain


@dataclass(frozen=True)
class Group:
    """Nodes whose sources are all computed earlier. They become the next rows. Here E is the number of their
    connections.
    """

    activation: str  # name
    num_nodes: int
    sources: NDArray[np.int64]  # [E] rows
    targets: NDArray[np.int64]  # [E] 0 for the first node of the group, and so on; ascending
    edges: NDArray[np.int64]  # [E] places in the network
    connection_ids: NDArray[np.int64]  # [E] places among the genome's enabled connections


@dataclass(frozen=True)
class Layers:
    """Rows: 0 the bias, 1..I the inputs, then the nodes of all groups."""

    groups: tuple[Group, ...]
    output_rows: tuple[int, ...]  # [O]


def layers_of(network: Network) -> Layers:
    """The same program in another order of nodes: by level, and by activation within a level.

    Raises:
        UserError: the network is not feed-forward, or has nodes that do not sum their sources.
    """
    require_plain(network)
    levels = node_levels(Networks.of([network]))
    order = np.lexsort((network.activations, levels))
    row_of, groups = _new_rows(network, order), []
    offsets = np.r_[0, np.cumsum(network.fan_in)]
    for nodes in np.split(order, np.flatnonzero(np.diff(levels[order] * 256 + network.activations[order])) + 1):
        edges = np.concatenate([np.arange(offsets[node], offsets[node + 1]) for node in nodes])
        groups.append(
            Group(
                activation=ACTIVATION_OF_CODE[int(network.activations[nodes[0]])].name,
                num_nodes=len(nodes),
                sources=row_of[network.sources[edges]],
                targets=np.repeat(np.arange(len(nodes)), network.fan_in[nodes]),
                edges=edges,
                connection_ids=network.connection_ids[edges].astype(np.int64),
            )
        )
    return Layers(tuple(groups), tuple(row_of[-network.num_outputs :].tolist()))


def _new_rows(network: Network, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row in these layers of each row of the network, [1 + I + N]."""
    first_row = 1 + network.num_inputs
    row_of = np.arange(first_row + len(order))
    row_of[first_row + order] = first_row + np.arange(len(order))
    return row_of
