"""Networks with delays, plastic connections, accumulators and products: their programs, hashes and oracle."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from genomes import play_by_definition, remembering_genome, remembering_genomes
from wann.activations import ACTIVATIONS
from wann.genome import Genome, make_genome
from wann.network import Networks, compile_genome, compile_population
from wann.oracle import Lanes, forward, forward_episode, forward_lanes, step_lanes
from wann.population import Population

CODE = {name: entry.code for name, entry in ACTIVATIONS.items()}
SETTINGS = settings(max_examples=80, deadline=None)


def genome_of(
    num_inputs: int, num_outputs: int, hidden: list[str], genes: list[tuple[int, ...]], plastic: tuple[int, ...] = ()
) -> Genome:
    """A genome of linear outputs, named hidden nodes, and genes (source, target[, delay])."""
    sources, targets, delays = np.transpose([(*gene, 0)[:3] for gene in genes])
    codes = [1] * (1 + num_inputs + num_outputs) + [CODE[name] for name in hidden]
    is_plastic = np.isin(np.arange(len(genes)), plastic)
    return make_genome(num_inputs, num_outputs, codes, sources, targets, np.ones(len(genes)), delays, is_plastic)


def renamed(genome: Genome, rng: np.random.Generator) -> Genome:
    """The same network with hidden nodes and genes in another order."""
    name = np.arange(genome.num_nodes)
    name[genome.num_fixed :] = rng.permutation(name[genome.num_fixed :])
    activations = np.empty(genome.num_nodes, np.int8)
    activations[name] = genome.activations
    order = rng.permutation(len(genome.sources))
    ends = name[genome.sources][order], name[genome.targets][order]
    of_genes = genome.enabled[order], genome.delays[order], genome.plastic[order]
    return make_genome(genome.num_inputs, genome.num_outputs, activations, *ends, *of_genes)


def test_a_delay_reads_the_value_of_earlier_steps():
    network = compile_genome(genome_of(1, 1, [], [(1, 2, 3), (1, 2)]))
    assert network.copies.tolist() == [[4, 3], [3, 2], [2, 1]]
    found = forward_episode(network, [2.0], [[[1]], [[10]], [[100]], [[1000]], [[0]]]).ravel()
    assert found.tolist() == [2, 20, 200, 2002, 20]


def test_an_output_may_feed_itself():
    network = compile_genome(genome_of(1, 1, [], [(1, 2), (2, 2, 1)]))
    found = forward_episode(network, [0.5], np.ones((4, 1, 1))).ravel()
    np.testing.assert_allclose(found, [0.5, 0.75, 0.875, 0.9375])


def test_accumulate_keeps_an_unweighted_total():
    """In float32 a total of weighted inputs would not return to exactly 0."""
    network = compile_genome(genome_of(1, 1, ["accumulate"], [(1, 3), (3, 2)]))
    inputs = np.array([1, 1, 1, -1, -1, -1], float)[:, None, None]
    for weight in (0.1, -0.3):
        found = forward_episode(network, [weight], inputs, np.float32).ravel()
        np.testing.assert_allclose(found, weight**2 * np.array([1, 2, 3, 2, 1, 0]), rtol=1e-6)
        assert found[-1] == 0


def test_a_product_multiplies_weighted_sources():
    network = compile_genome(genome_of(2, 1, ["product", "product"], [(1, 4), (2, 4), (4, 3), (5, 3)]))
    assert network.num_state == 0 and not network.is_plain
    np.testing.assert_allclose(forward(network, [0.5, -2.0], [[3.0, 5.0]]).ravel(), [0.5**3 * 15, -(2**3) * 15])


def test_a_plastic_connection_starts_at_0_and_learns():
    network = compile_genome(genome_of(2, 1, [], [(1, 3), (2, 3)], plastic=(0,)))
    assert network.plastic.tolist() == [0]
    # Input 1 is on throughout; input 2, which is heard, only in the first step.
    found = forward_episode(network, [0.5], [[[1, 1]], [[1, 0]], [[1, 0]], [[0, 0]]]).ravel()
    first = 0.5
    second = 0.5 * first  # strength: 1 * first
    third = 0.5 * (0.99 * first + second)
    np.testing.assert_allclose(found, [first, second, third, 0])


def test_strengths_are_limited():
    network = compile_genome(genome_of(2, 1, [], [(1, 3), (2, 3)], plastic=(0,)))
    found = forward_episode(network, [2.0], np.full((30, 1, 2), 3.0)).ravel()
    assert found[-1] == 2 * (4 * 3 + 3)


@SETTINGS
@given(remembering_genomes())
def test_the_program_does_what_the_genome_means(genome):
    network = compile_genome(genome)
    inputs = np.random.default_rng(0).normal(size=(7, 2, genome.num_inputs))
    found = forward_episode(network, [0.7, -1.1], inputs)
    for w, weight in enumerate((0.7, -1.1)):
        for b in range(2):
            expected = play_by_definition(genome, weight, inputs[:, b])
            np.testing.assert_allclose(found[w, :, b], expected, rtol=1e-6, atol=1e-9)


@SETTINGS
@given(remembering_genomes())
def test_rows_and_copies_are_in_an_order_of_computation(genome):
    network = compile_genome(genome)
    first_memory, first_row = 1 + network.num_inputs, network.first_row
    edge = 0
    for k, fan_in in enumerate(network.fan_in.tolist()):
        rows = network.sources[edge : edge + fan_in]
        assert (rows < first_row + k).all()
        assert (np.diff(rows) > 0).all()
        edge += fan_in
    written = network.copies[:, 0].tolist()
    assert sorted(written) == list(range(first_memory, first_row))
    for place, source in enumerate(network.copies[:, 1].tolist()):
        assert source not in written[:place], "a row is read after it was overwritten"
        assert source > 0


@SETTINGS
@given(remembering_genomes(), st.integers(0, 2**32 - 1))
def test_renamed_genomes_have_one_hash_and_compute_the_same_bits(genome, seed):
    one, two = compile_genome(genome), compile_genome(renamed(genome, np.random.default_rng(seed)))
    assert one.structural_hash == two.structural_hash
    inputs = np.random.default_rng(0).normal(size=(5, 3, genome.num_inputs))
    np.testing.assert_array_equal(
        forward_episode(one, [0.7, -1.5], inputs, np.float32), forward_episode(two, [0.7, -1.5], inputs, np.float32)
    )


def program_of(network) -> tuple:
    parts = network.activations, network.fan_in, network.sources, network.copies, network.plastic
    return network.num_inputs, *(part.tobytes() for part in parts)


def test_different_programs_have_different_hashes():
    rng = np.random.default_rng(5)
    drawn = [remembering_genome(rng, int(rng.integers(1, 9)), 0.2) for _ in range(600)]
    networks = [compile_genome(genome) for genome in drawn]
    hash_of = {program_of(network): network.structural_hash for network in networks}
    assert len(set(hash_of.values())) == len(hash_of) > 400


def changed(genome: Genome, rng: np.random.Generator) -> Genome | None:
    """The genome with one change: of a delay, plasticity, a source, a switch or an activation; None if it breaks it."""
    arrays = [np.array(part) for part in (genome.activations, genome.sources, genome.targets, genome.enabled)]
    arrays += [np.array(genome.delays), np.array(genome.plastic)]
    gene = int(rng.integers(len(genome.sources)))
    node = int(rng.integers(1 + genome.num_inputs, genome.num_nodes))
    match rng.choice(["delay", "plastic", "source", "enabled", "activation"]):
        case "delay":
            arrays[4][gene] = rng.integers(0, 9)
        case "plastic":
            arrays[5][gene] ^= True
        case "source":
            arrays[1][gene] = rng.integers(genome.num_nodes)
        case "enabled":
            arrays[3][gene] ^= True
        case "activation":
            arrays[0][node] = rng.choice(list(CODE.values()))
    try:
        return make_genome(genome.num_inputs, genome.num_outputs, *arrays)
    except ValueError:
        return None


@settings(max_examples=200, deadline=None)
@given(remembering_genomes(), st.integers(0, 2**32 - 1))
def test_equal_hashes_mean_equal_outputs_after_any_single_change(genome, seed):
    """And different hashes different programs. Two programs of one hash differ in the order of equal nodes at most."""
    rng = np.random.default_rng(seed)
    other = changed(genome, rng)
    assume(other is not None)
    one, two = compile_genome(genome), compile_genome(other)
    inputs = rng.normal(size=(10, 2, genome.num_inputs))
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = [forward_episode(network, [0.7, -1.5], inputs, np.float32) for network in (one, two)]
    if one.structural_hash == two.structural_hash:
        np.testing.assert_array_equal(*outputs)
    else:
        assert program_of(one) != program_of(two)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"genes": [(1, 4, 1), (4, 3)]}, {"genes": [(1, 4, 2), (4, 3)]}),
        ({"genes": [(1, 4, 1), (4, 3)]}, {"genes": [(2, 4, 1), (4, 3)]}),
        ({"genes": [(1, 4, 1), (4, 3)]}, {"genes": [(1, 4), (4, 3, 1)]}),
        ({"genes": [(1, 4), (4, 3), (4, 4, 1)]}, {"genes": [(1, 4), (4, 3), (3, 4, 1)]}),
        ({"genes": [(1, 4), (4, 3)]}, {"genes": [(1, 4), (4, 3)], "plastic": (1,)}),
        ({"genes": [(1, 4), (4, 3)], "plastic": (0,)}, {"genes": [(1, 4), (4, 3)], "plastic": (1,)}),
    ],
)
def test_what_makes_a_difference_is_in_the_hash(one, other):
    hashes = {compile_genome(genome_of(2, 1, ["tanh"], **found)).structural_hash for found in (one, other)}
    assert len(hashes) == 2


@pytest.mark.parametrize("far", [1, 2])
def test_a_difference_many_delays_away_is_in_the_hash(far):
    """All nodes of this chain differ in the first round; only its far end tells the two networks apart."""
    hidden = ["tanh", "sin", "abs", "relu", "sigmoid"]
    chain = [(4, 3, 1), *((node + 1, node, 1) for node in range(4, 8))]
    found = compile_genome(genome_of(2, 1, hidden, [*chain, (far, 8, 1)])).structural_hash
    other = compile_genome(genome_of(2, 1, hidden, [*chain, (3 - far, 8, 1)])).structural_hash
    assert found != other


def test_dead_delays_leave_the_feed_forward_program():
    """A delayed gene that no output depends on, or that is disabled, changes neither the program nor the hash."""
    plain = compile_genome(genome_of(1, 1, ["tanh", "sin"], [(1, 3), (3, 2)]))
    dead = genome_of(1, 1, ["tanh", "sin"], [(1, 3), (3, 2), (3, 4, 2), (4, 4, 1)], plastic=(2,))
    disabled = make_genome(1, 1, [1, 1, 1, CODE["tanh"]], [1, 3, 3], [3, 2, 3], [True, True, False], [0, 0, 1])
    for genome in (dead, disabled):
        network = compile_genome(genome)
        assert network.structural_hash == plain.structural_hash
        assert network.is_plain and network.num_state == 0
        np.testing.assert_array_equal(network.sources, plain.sources)


def test_nodes_that_matter_only_later_are_live():
    network = compile_genome(genome_of(1, 1, ["tanh", "sin"], [(1, 3), (3, 2, 2), (4, 3, 1), (1, 4)]))
    assert (network.num_hidden, network.num_connections, len(network.copies)) == (2, 4, 3)


def test_packing_and_taking_keep_memory():
    rng = np.random.default_rng(3)
    pool = [remembering_genome(rng) for _ in range(60)]
    genomes = [genome for genome in pool if (genome.num_inputs, genome.num_outputs) == (2, 1)]
    packed = compile_population(Population.of(genomes))
    rows = [1, 0, 0, len(genomes) - 1]
    assert list(Population.of(genomes).take(rows)) == [genomes[row] for row in rows]
    assert packed.num_state().tolist() == [network.num_state for network in packed]
    for taken in (packed.take(rows), Networks.of([packed[row] for row in rows])):
        for row, network in zip(rows, taken, strict=True):
            assert program_of(network) == program_of(compile_genome(genomes[row]))


def test_a_lane_has_the_same_bits_beside_any_others():
    rng = np.random.default_rng(7)
    for _ in range(10):
        network = compile_genome(remembering_genome(rng))
        weights, inputs = rng.normal(size=6), rng.normal(size=(4, 6, network.num_inputs))
        together, alone = Lanes(network, weights), Lanes(network, weights)
        for row in inputs:
            whole = together.step(row)
            parts = [alone.step(row[lanes], lanes) for lanes in ([3], [0, 1], [5, 2], [4])]
            np.testing.assert_array_equal(np.concatenate(parts), whole[[3, 0, 1, 5, 2, 4]])


def test_a_loop_may_grow_beyond_every_float():
    network = compile_genome(genome_of(1, 1, ["linear"], [(1, 3), (3, 3, 1), (3, 2)]))
    assert forward_episode(network, [12.0], np.ones((400, 1, 1)))[0, -1] == np.inf


def test_a_single_observation_is_not_enough_for_a_network_with_state():
    network = compile_genome(genome_of(1, 1, [], [(1, 2, 1)]))
    with pytest.raises(ValueError, match="expected a network without state, found one that carries 1 numbers"):
        forward_lanes(network, [1.0], [[1.0]])
    with pytest.raises(ValueError, match=r"state of shape \[1, 2\], found \[0, 2\]"):
        step_lanes(network, [1.0, 1.0], [[1.0], [2.0]], np.zeros((0, 2)))


def test_equal_individual_weights_are_a_shared_weight():
    rng = np.random.default_rng(11)
    for _ in range(10):
        genome = remembering_genome(rng, plastic_share=0.1)
        network, inputs = compile_genome(genome), rng.normal(size=(4, 2, genome.num_inputs))
        shared = forward_episode(network, [0.8], inputs)
        individual = forward_episode(network, np.full((1, genome.num_enabled), 0.8), inputs)
        np.testing.assert_allclose(individual, shared, rtol=1e-6, atol=1e-9)
