import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from genomes import evaluate_by_definition, genomes, graph_of, grown_genomes
from wann.genome import Genome, make_genome, minimal_genome
from wann.network import Networks, compile_genome, compile_population
from wann.oracle import forward, forward_lanes
from wann.population import Population


def test_a_hand_computed_network():
    # bias 0, inputs 1 2, output 3, hidden 4 (sin), 5 (tanh); 2 -> 3 is disabled.
    genome = make_genome(2, 1, [1, 1, 1, 1, 3, 5], [1, 2, 4, 5, 2], [4, 5, 5, 3, 3], [1, 1, 1, 1, 0])
    network = compile_genome(genome)
    assert (network.num_hidden, network.num_connections) == (2, 4)
    found = forward(network, [0.5, -1.0], [[0.3, 0.7]])
    expected = [w * np.tanh(w * (0.7 + np.sin(np.pi * w * 0.3))) for w in (0.5, -1.0)]
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-12)


def test_individual_weights_follow_gene_order():
    # Output = w_a * x1 + w_b * tanh(w_c * x2); the disabled gene has no weight.
    genome = make_genome(2, 1, [1, 1, 1, 1, 5], [4, 0, 1, 2], [3, 3, 3, 4], [1, 0, 1, 1])
    w_b, w_a, w_c = 0.4, -1.5, 2.0
    found = forward(compile_genome(genome), [[w_b, w_a, w_c]], [[0.3, 0.7]])
    np.testing.assert_allclose(found.item(), w_a * 0.3 + w_b * np.tanh(w_c * 0.7), rtol=1e-12)


def test_too_few_individual_weights_are_refused():
    network = compile_genome(minimal_genome(2, 1))
    with pytest.raises(ValueError, match="at least 3, found 2"):
        forward(network, [[1.0, 2.0]], [[0.3, 0.7]])
    with pytest.raises(ValueError, match=r"inputs \[L, 2\]"):
        forward_lanes(network, [1.0], [[0.3, 0.7, 0.1]])


@settings(max_examples=60, deadline=None)
@given(genomes())
def test_the_program_computes_what_the_genome_means(genome):
    network = compile_genome(genome)
    inputs = np.random.default_rng(0).normal(size=(3, genome.num_inputs))
    found = forward(network, [0.7, -1.5], inputs)
    for w, weight in enumerate((0.7, -1.5)):
        for b, row in enumerate(inputs):
            np.testing.assert_allclose(found[w, b], evaluate_by_definition(genome, weight, row), rtol=1e-9, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(genomes())
def test_exactly_the_live_part_is_compiled(genome):
    graph = graph_of(genome, only_enabled=True)
    outputs = range(1 + genome.num_inputs, genome.num_fixed)
    live = set(outputs).union(*(nx.ancestors(graph, output) for output in outputs))
    network = compile_genome(genome)
    assert network.num_hidden == sum(node >= genome.num_fixed for node in live)
    assert network.num_connections == sum(target in live for _, target in graph.edges)


@settings(max_examples=60, deadline=None)
@given(genomes())
def test_sources_come_before_their_node_and_ascend(genome):
    network = compile_genome(genome)
    edge = 0
    for k, fan_in in enumerate(network.fan_in.tolist()):
        rows = network.sources[edge : edge + fan_in]
        assert (rows < 1 + genome.num_inputs + k).all()
        assert (np.diff(rows) > 0).all()
        edge += fan_in


def _renumbered(genome: Genome, rng: np.random.Generator) -> Genome:
    """The same graph with hidden nodes and genes in another order."""
    hidden = rng.permutation(np.arange(genome.num_fixed, genome.num_nodes))
    name = np.arange(genome.num_nodes)
    name[hidden] = np.arange(genome.num_fixed, genome.num_nodes)
    activations = np.empty(genome.num_nodes, np.int8)
    activations[name] = genome.activations
    genes = rng.permutation(len(genome.sources))
    return make_genome(
        genome.num_inputs,
        genome.num_outputs,
        activations,
        name[genome.sources][genes],
        name[genome.targets][genes],
        genome.enabled[genes],
    )


def _assert_same_bits(genome: Genome, other: Genome) -> None:
    one, two = compile_genome(genome), compile_genome(other)
    assert one.structural_hash == two.structural_hash
    inputs = np.random.default_rng(0).normal(size=(5, genome.num_inputs))
    np.testing.assert_array_equal(forward(one, [0.7, -1.5], inputs), forward(two, [0.7, -1.5], inputs))


@settings(max_examples=60, deadline=None)
@given(genomes())
def test_isomorphic_genomes_compute_the_same_bits_and_have_one_hash(genome):
    _assert_same_bits(genome, _renumbered(genome, np.random.default_rng(1)))


def test_nodes_of_equal_value_with_other_consumers():
    # Hidden 4 and 5 are the same sine; 6 hears one of them, the output the other.
    sine, tanh = 3, 5
    links = [(1, 4), (1, 5), (4, 6), (2, 6), (5, 3), (6, 3)]
    twins = [(1, 4), (1, 5), (5, 6), (2, 6), (4, 3), (6, 3)]
    one, other = (
        make_genome(2, 1, [1, 1, 1, 1, sine, sine, tanh], *np.transpose(genes), np.ones(6)) for genes in (links, twins)
    )
    _assert_same_bits(one, other)


def test_different_programs_have_different_hashes():
    networks = compile_population(Population.of(grown_genomes(300)))
    programs = {(n.activations.tobytes(), n.fan_in.tobytes(), n.sources.tobytes()): n.structural_hash for n in networks}
    assert len(set(networks.hashes.tolist())) == len(programs) > 200


def test_swapping_roles_of_inputs_changes_the_hash():
    one = make_genome(2, 1, [1, 1, 1, 1], [1], [3], [True])
    two = make_genome(2, 1, [1, 1, 1, 1], [2], [3], [True])
    assert compile_genome(one).structural_hash != compile_genome(two).structural_hash


def test_an_output_without_sources_is_zero():
    network = compile_genome(minimal_genome(2, 2, np.zeros(6, bool)))
    np.testing.assert_array_equal(forward(network, [1.0], [[3.0, 4.0]]), [[[0.0, 0.0]]])


def test_packing_and_taking_keep_every_network():
    packed = compile_population(Population.of(grown_genomes(20)))
    rows = [7, 3, 3, 19]
    for taken in (packed.take(rows), Networks.of([packed[row] for row in rows])):
        for row, network in zip(rows, taken, strict=True):
            assert network.structural_hash == packed[row].structural_hash
            np.testing.assert_array_equal(network.sources, packed[row].sources)
            np.testing.assert_array_equal(network.connection_ids, packed[row].connection_ids)
    with pytest.raises(IndexError):
        packed[20]


def test_networks_of_different_tasks_do_not_pack():
    mixed = [compile_genome(minimal_genome(2, 1)), compile_genome(minimal_genome(3, 1))]
    with pytest.raises(ValueError, match="one task"):
        Networks.of(mixed)


@pytest.mark.parametrize("individual", [False, True])
def test_a_lane_has_the_same_bits_beside_any_others(individual: bool) -> None:
    """Also alone, at nodes of so many connections that NumPy would add them up in another order."""
    network = compile_genome(minimal_genome(30, 2, np.ones(62, bool)))
    rng = np.random.default_rng(1)
    weights, inputs = rng.normal(size=(9, 62) if individual else 9), rng.normal(size=(9, 30))
    whole = forward_lanes(network, weights, inputs)
    for part in (slice(0, 1), slice(4, 5), slice(2, 4), slice(1, 8)):
        np.testing.assert_array_equal(forward_lanes(network, weights[part], inputs[part]), whole[part])
