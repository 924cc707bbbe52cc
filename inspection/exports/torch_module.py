"""A champion as a Python file with one torch module, which does not need this library.

All contents of a champion's file are written as numbers and as ASCII string literals.
"""

from __future__ import annotations

from collections.abc import Iterable

from inspection.exports.origin import origin_of
from inspection.exports.setting import Setting, is_shared
from inspection.exports.torch_step import STEP_CLOSING, STEP_OPENING, step_tables, table
from wann.activations import ACTIVATIONS, ELEMENTWISE, PERIODIC_LIMIT, Activation
from wann.champion import Champion
from wann.layers import Layers, layers_of
from wann.network import compile_genome

_OPENING = '''\
"""A weight-agnostic network as a torch module; this file needs torch and nothing else.

    outputs = ChampionNetwork()(observations)  # [batch, inputs] to [batch, outputs]
    outputs = ChampionNetwork(-1.5)(observations)  # another weight shared by all connections
"""

from collections.abc import Sequence

import torch

'''

_PERIODIC = f'''

def periodic(x: torch.Tensor) -> torch.Tensor:
    """One period of sin(pi x) and cos(pi x), [-1, 1]."""
    x = x.clamp(-{PERIODIC_LIMIT!r}, {PERIODIC_LIMIT!r})
    return x - 2 * torch.round(x / 2)
'''
_CLOSING = '''

class ChampionNetwork(torch.nn.Module):
    """Computes the network; its weights can be trained.

    Args:
        weights: one number that all connections share, or NUM_WEIGHTS of them.
    """

    def __init__(self, weights: float | Sequence[float] = WEIGHTS) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.as_tensor(weights, dtype=torch.get_default_dtype()))
        self._groups = [_compiled(nodes) for nodes in _groups_of_nodes()]
        for index, (_, _, tensors) in enumerate(self._groups):
            for name, tensor in tensors.items():
                self.register_buffer(f"{name}_{index}", tensor, persistent=False)

    def forward(self, observations: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
        """Outputs [batch, outputs] of observations [batch, inputs], by ``weights`` [] or [NUM_WEIGHTS] or its own."""
        weights = (self.weights if weights is None else weights).to(observations).expand(NUM_WEIGHTS)
        values = torch.cat([torch.ones_like(observations[:, :1]), observations], dim=1)
        for index, (activation, num_nodes, _) in enumerate(self._groups):
            sources, targets, connections = (
                getattr(self, f"{name}_{index}") for name in ("sources", "targets", "connections")
            )
            terms = values[:, sources] * weights[connections]
            # Of no fixed size, so that a trace takes batches of any length.
            empty = torch.zeros_like(values[:, :1]).repeat(1, num_nodes)
            sums = empty.index_add(1, targets, terms)
            values = torch.cat([values, ACTIVATIONS[activation](sums)], dim=1)
        return values[:, OUTPUT_ROWS]


def _groups_of_nodes() -> list[list[tuple]]:
    """Neighbours of one activation that do not feed each other; they are computed at once."""
    groups: list[list[tuple]] = []
    first_row = 1 + len(INPUT_NAMES)
    for row, node in enumerate(NODES, start=first_row):
        activation, sources, _ = node
        if not groups or activation != groups[-1][0][0] or max(sources, default=0) >= first_row:
            groups.append([])
            first_row = row
        groups[-1].append(node)
    return groups


def _compiled(nodes: list[tuple]) -> tuple[str, int, dict[str, torch.Tensor]]:
    lists = {
        "sources": [row for _, sources, _ in nodes for row in sources],
        "targets": [place for place, (_, sources, _) in enumerate(nodes) for _ in sources],
        "connections": [connection for _, _, connections in nodes for connection in connections],
    }
    return nodes[0][0], len(nodes), {name: torch.tensor(x, dtype=torch.long) for name, x in lists.items()}
'''


def render_torch(champion: Champion, setting: Setting) -> bytes:
    """Python source: tables of the network, and the class ``ChampionNetwork``.

    A network with state becomes a module of steps; see `inspection.exports.torch_step`.
    """
    network = compile_genome(champion.genome)
    if not network.is_plain:
        tables = _tables(champion, setting, step_tables(network))
        return (STEP_OPENING + tables + _functions(ACTIVATIONS.values()) + STEP_CLOSING).encode("ascii")
    layers = layers_of(network)
    own = [
        "# Rows of values: first 1, the bias; then the inputs; then one for each of these nodes. Of a node: its",
        "# activation, the rows that it sums, and the weights by which it does.",
        *table("NODES", _nodes(layers)),
        *table("OUTPUT_ROWS", map(repr, layers.output_rows), opening="[", closing="]"),
    ]
    return (_OPENING + _tables(champion, setting, own) + _functions(ELEMENTWISE.values()) + _CLOSING).encode("ascii")


def _functions(entries: Iterable[Activation]) -> str:
    """The table of activations."""
    lines = [f'    "{entry.name}": lambda x: {entry.torch_text},' for entry in entries]
    return "\n".join([_PERIODIC, "", "ACTIVATIONS = {", *lines, "}", ""])


def _tables(champion: Champion, setting: Setting, own: list[str]) -> str:
    """The tables that all networks have, then ``own`` lines."""
    kind = "One weight for all connections." if is_shared(setting) else "A weight for each connection."
    weights = [repr(setting.item())] if is_shared(setting) else [repr(weight) for weight in setting.tolist()]
    origin = origin_of(champion, setting)
    lines = [
        f"TASK = {origin['task']!a}",
        "# How outputs become actions, where the task says it.",
        f"ACTIONS = {origin['actions']!a}",
        *table("INPUT_NAMES", map(ascii, champion.input_names)),
        *table("OUTPUT_NAMES", map(ascii, champion.output_names)),
        f"NUM_WEIGHTS = {champion.genome.num_enabled}",
        f"# {kind}",
        *([f"WEIGHTS = {weights[0]}"] if is_shared(setting) else table("WEIGHTS", weights)),
        *own,
    ]
    return "\n".join(lines) + "\n"


def _nodes(layers: Layers) -> list[str]:
    return [
        repr(
            (
                group.activation,
                tuple(group.sources[group.targets == node].tolist()),
                tuple(group.connection_ids[group.targets == node].tolist()),
            )
        )
        for group in layers.groups
        for node in range(group.num_nodes)
    ]
