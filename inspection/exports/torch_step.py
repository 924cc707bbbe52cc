"""A network with state as tables and a torch module of steps; see `inspection.exports.torch_module`."""

from __future__ import annotations

from collections.abc import Iterable

from wann.activations import ACTIVATION_OF_CODE
from wann.network import Network
from wann.plasticity import DECAY, LIMIT

STEP_OPENING = '''\
"""A weight-agnostic network with memory as a torch module of steps; this file needs torch and nothing else.

    network = ChampionNetwork()  # ChampionNetwork(-1.5): another weight shared by all connections
    state = network.initial_state(batch)  # at the start of every episode
    outputs, state = network.step(observations, state)  # [batch, inputs] to [batch, outputs]
"""

from collections.abc import Sequence

import torch

'''
STEP_CLOSING = f'''

class ChampionNetwork(torch.nn.Module):
    """Computes the network step by step; its weights can be trained.

    Args:
        weights: one number that all connections share, or NUM_WEIGHTS of them.
    """

    def __init__(self, weights: float | Sequence[float] = WEIGHTS) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.as_tensor(weights, dtype=torch.get_default_dtype()))

    def initial_state(self, batch: int = 1) -> torch.Tensor:
        """The state of episodes that start, zeros [batch, NUM_STATE]: memory, strengths, then running totals."""
        return torch.zeros(batch, NUM_STATE, dtype=self.weights.dtype, device=self.weights.device)

    def forward(self, observations: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.step(observations, state)

    def step(
        self, observations: torch.Tensor, state: torch.Tensor, weights: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Outputs [batch, outputs] and the next state of observations [batch, inputs] and a state.

        A weight that all connections share scales the running totals that are read, not what is added to them.
        """
        weights = (self.weights if weights is None else weights).to(observations)
        shared = weights if weights.ndim == 0 else None
        first_strength, first_total = len(COPIES), len(COPIES) + NUM_PLASTIC
        values = [torch.ones_like(observations[:, 0]), *observations.unbind(1), *state[:, :first_strength].unbind(1)]
        strengths, totals = [], []
        for activation, gathers, sources, connections, plastic in NODES:
            terms, own = [], []
            for row, connection, is_plastic in zip(sources, connections, plastic):
                term = values[row]
                if is_plastic:
                    strength = state[:, first_strength + len(strengths) + len(own)]
                    own.append((strength, term))
                    term = strength * term
                terms.append(term if shared is not None and gathers != "product" else term * _of(weights, connection))
            if gathers == "product":
                argument = torch.stack(terms).prod(0) if terms else torch.zeros_like(values[0])
            else:
                argument = sum(terms, torch.zeros_like(values[0]))
                if gathers == "total":
                    argument = state[:, first_total + len(totals)] + argument
                    totals.append(argument)
                argument = argument if shared is None else argument * shared
            value = ACTIVATIONS[activation](argument)
            strengths += [({DECAY!r} * h + pre * value).clamp(-{LIMIT!r}, {LIMIT!r}) for h, pre in own]
            values.append(value)
        for row, source in COPIES:
            values[row] = values[source]
        first_memory = 1 + len(INPUT_NAMES)
        after = [*values[first_memory : first_memory + len(COPIES)], *strengths, *totals]
        outputs = torch.stack(values[-len(OUTPUT_NAMES) :], 1)
        return outputs, torch.stack(after, 1) if after else state


def _of(weights: torch.Tensor, connection: int) -> torch.Tensor:
    return weights if weights.ndim == 0 else weights[connection]
'''


def step_tables(network: Network) -> list[str]:
    """Lines of the tables that only networks with state have."""
    plastic, nodes, edge = set(network.plastic.tolist()), [], 0
    for code, fan_in in zip(network.activations.tolist(), network.fan_in.tolist(), strict=True):
        edges, entry = range(edge, edge + fan_in), ACTIVATION_OF_CODE[code]
        nodes.append(
            repr(
                (
                    entry.name,
                    entry.gathers,
                    tuple(network.sources[edge : edge + fan_in].tolist()),
                    tuple(network.connection_ids[edge : edge + fan_in].tolist()),
                    tuple(e in plastic for e in edges),
                )
            )
        )
        edge += fan_in
    return [
        f"NUM_STATE = {network.num_state}",
        f"NUM_PLASTIC = {len(network.plastic)}",
        "# Rows of values: first 1, the bias; then the inputs, the memory, and one for each of these nodes. Of a node:",
        "# its activation, what it takes of its weighted sources, their rows, the weights, and which have a strength.",
        *table("NODES", nodes),
        "# Rows of the memory, and the row that each takes its value from after a step, in this order.",
        *table("COPIES", (repr(tuple(pair)) for pair in network.copies.tolist())),
    ]


def table(name: str, items: Iterable[str], opening: str = "(", closing: str = ")") -> list[str]:
    return [f"{name} = {opening}", *(f"    {item}," for item in items), closing]
