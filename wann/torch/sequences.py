"""Networks with state on sequences by torch, on any device: the steps of `wann.oracle.step_lanes`.

The nodes of P networks form one graph, so that a step computes all nodes of one level and activation at once, for all
networks, weights and sequences. Sources are added from left to right. Where weights ask for gradients, those pass
through time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from wann.activations import ACTIVATION_OF_CODE, STATEFUL
from wann.network import Networks, node_levels
from wann.plasticity import DECAY, LIMIT
from wann.torch.device import repeatable
from wann.torch.program import LANES, Tensor, columns_by_step, on_device

# Tensors of the size of all values that are alive at once, at most.
_COPIES = 4


@dataclass(frozen=True)
class State:
    """What W x B episodes of P networks carry from step to step; 0 when they start.

    Each array has the order of networks, and within one that of its memory rows, plastic connections or nodes.
    """

    memory: Tensor  # [sum M, W, B]
    strengths: Tensor  # [sum Q, W, B]
    totals: Tensor  # [sum A, W, B]


@dataclass(frozen=True)
class _Column:
    """The k-th sources of those nodes of a group that have so many."""

    sources: Tensor  # rows
    edges: Tensor  # places of their connections
    strengths: Tensor | None  # places of their strengths, the last place for connections without one


@dataclass(frozen=True)
class _Group:
    """Nodes that are computed together. They fill rows ``begin`` to ``end``, those with most sources first."""

    code: int
    begin: int
    end: int
    num_fed: int  # nodes that have sources
    columns: tuple[_Column, ...]
    totals: Tensor | None  # places of their running totals


class StateProgram:
    """P networks as index tensors. Rows are the bias, the inputs, the memory of all networks, and all nodes.

    Args:
        networks: any, of one task.
        device: a torch device.
        individual: True if each connection has weights of its own; else all share one.
    """

    def __init__(self, networks: Networks, device: str = "cpu", individual: bool = False) -> None:
        self._device, self._individual, self._shape = device, individual, (len(networks), networks.num_outputs)
        self._first_memory = 1 + networks.num_inputs
        self._first_node = self._first_memory + len(networks.copies)
        self._num_rows = self._first_node + len(networks.activations)
        self._num_totals = int(STATEFUL[networks.activations].sum())
        levels = node_levels(networks)
        order = np.lexsort((-networks.fan_in, networks.activations, levels))
        self._row_of = np.empty(len(order), np.int64)  # of each node
        self._row_of[order] = self._first_node + np.arange(len(order))
        sources, targets = self._rows(networks, networks.sources, networks.connection_offsets), self._targets(networks)
        copies = self._rows(networks, networks.copies[:, 1], networks.memory_offsets)
        memory = self._rows(networks, networks.copies[:, 0], networks.memory_offsets) - self._first_memory
        own = np.repeat(networks.connection_offsets[:-1], np.diff(networks.plastic_offsets))
        plastic = networks.plastic.astype(np.int64) + own
        # Copies come deepest first, so that none reads what another has written: they may be made at once.
        copied = np.empty(len(copies), np.int64)
        copied[memory] = copies
        ends = networks.node_offsets[1:, None] + np.arange(-networks.num_outputs, 0)
        indices = [copied, sources[plastic], targets[plastic], self._row_of[ends].ravel()]
        self._copied, self._pre, self._post, self._outputs = on_device([indices], device)[0]
        self._groups = self._grouped(networks, levels, order, sources, targets, plastic)

    def _rows(self, networks: Networks, own: NDArray, offsets: NDArray) -> NDArray[np.int64]:
        """Rows of this program for rows of single networks, network p's from ``offsets[p]`` on."""
        p = np.repeat(np.arange(len(networks)), np.diff(offsets))
        node = own - self._first_memory - np.diff(networks.memory_offsets)[p]
        in_memory = (own >= self._first_memory) & (node < 0)
        rows = own + np.where(in_memory, networks.memory_offsets[p], 0)
        is_node = node >= 0
        rows[is_node] = self._row_of[(node + networks.node_offsets[p])[is_node]]
        return rows.astype(np.int64)

    def _targets(self, networks: Networks) -> NDArray[np.int64]:
        return self._row_of[np.repeat(np.arange(len(networks.fan_in)), networks.fan_in)]

    def _grouped(
        self,
        networks: Networks,
        levels: NDArray[np.int64],
        order: NDArray[np.int64],
        sources: NDArray[np.int64],
        targets: NDArray[np.int64],
        plastic: NDArray[np.int64],
    ) -> list[_Group]:
        codes, fan_in = networks.activations[order], networks.fan_in[order]
        ends = np.r_[np.flatnonzero(np.diff(levels[order] * 256 + codes)) + 1, len(order)]
        begins = np.r_[0, ends[:-1]]
        edges = np.lexsort((np.arange(len(targets)), targets))
        strength_of = np.full(len(targets), len(plastic))
        strength_of[plastic] = np.arange(len(plastic))
        total_of = np.cumsum(STATEFUL[networks.activations]) - 1
        groups = []
        columns = columns_by_step(targets[edges], self._first_node + ends)
        for begin, end, own in zip(begins.tolist(), ends.tolist(), columns, strict=True):
            made = []
            for places in own:
                which = edges[places]
                found = on_device([[sources[which], which, strength_of[which]]], self._device)[0]
                learns = bool((strength_of[which] < len(plastic)).any())
                made.append(_Column(found[0], found[1], found[2] if learns else None))
            code = int(codes[begin])
            totals = on_device([[total_of[order[begin:end]]]], self._device)[0][0] if STATEFUL[code] else None
            rows = self._first_node + begin, self._first_node + end
            groups.append(_Group(code, *rows, int((fan_in[begin:end] > 0).sum()), tuple(made), totals))
        return groups

    def initial_state(self, num_weights: int, num_sequences: int, dtype: torch.dtype = torch.float32) -> State:
        """Zeros, for episodes that start."""
        counts = len(self._copied), len(self._pre), self._num_totals
        shapes = [(count, num_weights, num_sequences) for count in counts]
        return State(*(torch.zeros(shape, dtype=dtype, device=self._device) for shape in shapes))

    def step(self, weights: Tensor, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """One step of all episodes.

        Args:
            weights: [W] shared, or [sum E, W] individual ones by live connection.
            inputs: [B, I], the same for all networks and weights.
            state: from `initial_state` or the step before.

        Returns:
            Outputs [P, W, B, O], and the state after the step.
        """
        values = inputs.new_empty((self._num_rows, weights.shape[-1], len(inputs)))
        values[0] = 1
        values[1 : self._first_memory] = inputs.T[:, None]
        values[self._first_memory : self._first_node] = state.memory
        strengths = torch.cat([state.strengths, values[:1]])  # connections that are not plastic have the last one
        totals, places = [], []
        for group in self._groups:
            x = self._gathered(group, values, strengths, weights)
            entry = ACTIVATION_OF_CODE[group.code]
            if group.totals is not None:
                x = x + state.totals.index_select(0, group.totals)
                totals.append(x)
                places.append(group.totals)
            if not self._individual and entry.gathers != "product":
                x = x * weights[:, None]
            values[group.begin : group.end] = entry.torch(torch, x)
        learnt = DECAY * state.strengths + values.index_select(0, self._pre) * values.index_select(0, self._post)
        after = State(
            values.index_select(0, self._copied),
            learnt.clamp(-LIMIT, LIMIT),
            torch.cat(totals).index_select(0, torch.cat(places).argsort()) if totals else state.totals,
        )
        num_networks, num_outputs = self._shape
        outputs = values.index_select(0, self._outputs)
        return outputs.reshape(num_networks, num_outputs, *outputs.shape[1:]).permute(0, 2, 3, 1), after

    def episode(self, weights: Tensor, inputs: Tensor) -> Tensor:
        """Outputs [P, W, T, B, O] of the steps of whole episodes, from their inputs [T, B, I]; see `step`."""
        state, outputs = self.initial_state(weights.shape[-1], inputs.shape[1], inputs.dtype), []
        for row in inputs:
            found, state = self.step(weights, row, state)
            outputs.append(found)
        return torch.stack(outputs, 2)

    def _gathered(self, group: _Group, values: Tensor, strengths: Tensor, weights: Tensor) -> Tensor:
        """The sum or product of the sources of a group's nodes, [n, W, B]: 0 where there are none."""
        is_product = ACTIVATION_OF_CODE[group.code].gathers == "product"
        found = values.new_zeros((group.end - group.begin, *values.shape[1:]))
        found[: group.num_fed] += float(is_product)
        for column in group.columns:
            term = values.index_select(0, column.sources)
            if column.strengths is not None:
                term = term * strengths.index_select(0, column.strengths)
            if self._individual:
                term = term * weights.index_select(0, column.edges)[:, :, None]
            elif is_product:
                term = term * weights[:, None]
            if is_product:
                found = torch.cat([found[: len(term)] * term, found[len(term) :]])
            else:
                found[: len(term)] += term
        return found


def episode_outputs(
    networks: Networks,
    weights: NDArray,
    inputs: NDArray[np.float32],
    device: str = "cpu",
    memory_bytes: int = 2**30,
) -> NDArray[np.float32]:
    """Outputs of every network at every weight setting, step by step from the initial state, in float32.

    The bits of an output depend on its network, weight and sequence only.

    Args:
        networks: P programs.
        weights: [W] shared, or [sum E, W] individual ones by live connection.
        inputs: [T, B, I] of B episodes.
        device: a torch device, such as "cuda" or "cpu".
        memory_bytes: limit on the memory of the networks that are computed together, at least one.

    Returns:
        [P, W, T, B, O].
    """
    count, individual = inputs.shape[1], weights.ndim == 2
    padded = np.zeros((len(inputs), -(-count // LANES) * LANES, inputs.shape[2]), np.float32)
    padded[:, :count] = inputs
    parts = []
    with repeatable(device):
        there, begin = torch.as_tensor(padded, device=device), 0
        while begin < len(networks):
            end = begin + _fitting(networks, begin, weights.shape[-1], padded.shape, memory_bytes)
            program = StateProgram(networks.take(np.arange(begin, end)), device, individual)
            edges = slice(networks.connection_offsets[begin], networks.connection_offsets[end])
            own = torch.as_tensor(np.asarray(weights[edges] if individual else weights, np.float32), device=device)
            parts.append(program.episode(own, there)[:, :, :, :count].cpu().numpy())
            begin = end
    return np.concatenate(parts)


def _fitting(networks: Networks, begin: int, num_weights: int, shape: tuple[int, ...], memory_bytes: int) -> int:
    """Number of networks from ``begin`` on whose values and outputs fit; at least one. ``shape`` is [T, B, I]."""
    rows = _COPIES * np.diff(networks.node_offsets + networks.memory_offsets)[begin:]
    outputs = 2 * shape[0] * networks.num_outputs
    needed = 4 * num_weights * shape[1] * np.cumsum(rows + outputs)
    return max(1, int(np.searchsorted(needed, memory_bytes, side="right")))
