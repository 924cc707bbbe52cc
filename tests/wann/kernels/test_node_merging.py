"""Nodes that several networks share: computed once, in places that nothing overwrites too early."""

import numpy as np
import pytest

from evolution.mutation.apply import draw_operators, mutate, palette_of
from networks import random_population
from wann import compile_population
from wann.activations import ELEMENTWISE
from wann.batch import Batch, mean_losses, shared_weight_logits
from wann.genome import make_genome
from wann.kernels.node_merging import apart, assign_slots, merged
from wann.network import Networks, compile_genome

NUM_INPUTS, NUM_OUTPUTS = 6, 3
NUM_ROWS = 1 + NUM_INPUTS
OPERATORS = {"add_connection": 0.4, "insert_node": 0.2, "disable": 0.2, "change_activation": 0.2}


def siblings(seed: int, parents: int = 4, count: int = 40) -> Networks:
    """Mutants of a few random genomes."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(parents, size=count)
    operators, uniforms = draw_operators(rng, count, OPERATORS, 0.5)
    population = random_population(NUM_INPUTS, NUM_OUTPUTS, parents, rng).take(rows)
    return compile_population(mutate(population, operators, uniforms, palette_of(list(ELEMENTWISE))))


def twins() -> Networks:
    """A network two hidden nodes of which are the same, and feed one output; two outputs are the same as well."""
    pairs = [(1, 10), (1, 11), (10, 7), (11, 7), (10, 8), (10, 9)]
    genome = make_genome(NUM_INPUTS, NUM_OUTPUTS, [1] * 10 + [5, 5], *zip(*pairs, strict=True), [True] * len(pairs))
    return Networks.of([compile_genome(genome)] * 2)


@pytest.mark.parametrize("networks", [*map(siblings, range(5)), twins()])
@pytest.mark.parametrize("join", [merged, apart])
def test_every_network_is_still_what_it_was(join, networks):
    """Walk through a program as the kernels do, with each node's expression in its slot."""
    program, num_slots = assign_slots(join(networks.program_arrays(), NUM_ROWS, NUM_OUTPUTS), NUM_ROWS)
    activations, fan_in, sources, node_offsets, edge_offsets, outputs, slots = program
    held: list[object] = [None] * num_slots
    assert set(slots.tolist()) == set(range(num_slots))
    for p, network in enumerate(networks):
        edge = edge_offsets[p]
        for k in range(node_offsets[p], node_offsets[p + 1]):
            rows = sources[edge : edge + fan_in[k]].tolist()
            held[slots[k]] = activations[k], tuple(r if r < NUM_ROWS else held[r - NUM_ROWS] for r in rows)
            edge += fan_in[k]
        assert edge == edge_offsets[p + 1]
        assert [held[slot] for slot in outputs[p]] == expressions(network)[-NUM_OUTPUTS:]


def expressions(network) -> list[object]:
    """Each node as its activation and the expressions of its sources."""
    found: list[object] = list(range(NUM_ROWS))
    edge = 0
    for code, fan_in in zip(network.activations, network.fan_in, strict=True):
        found.append((code, tuple(found[row] for row in network.sources[edge : edge + fan_in])))
        edge += fan_in
    return found


def test_no_node_stands_twice():
    networks = siblings(9)
    activations, *_ = merged(networks.program_arrays(), NUM_ROWS, NUM_OUTPUTS)
    different = {expression for network in networks for expression in expressions(network)[NUM_ROWS:]}
    assert len(activations) == len(different) < len(networks.activations) / 2


def test_relatives_do_not_change_a_bit():
    rng = np.random.default_rng(3)
    batch = Batch(rng.random((NUM_INPUTS, 300)).astype(np.float32), rng.integers(0, NUM_OUTPUTS, 300))
    weights, networks = np.array([-2, -0.7, 0.7, 2]), siblings(3)
    losses, logits = mean_losses(networks, weights, batch), shared_weight_logits(networks, weights, batch)
    for p in range(len(networks)):
        alone = networks.take([p])
        np.testing.assert_array_equal(mean_losses(alone, weights, batch)[0], losses[p])
        np.testing.assert_array_equal(shared_weight_logits(alone, weights, batch)[0], logits[p])
