import numpy as np
import pytest
from hypothesis import given, settings

from evolution.mutation.mirroring import amplified, mirrored, relays_of
from genomes import genomes, grown_genomes, remembering_genome
from wann.activations import ACTIVATIONS
from wann.genome import LINEAR, make_genome
from wann.network import compile_genome
from wann.oracle import forward, forward_episode
from wann.population import Population

TANH = ACTIVATIONS["tanh"].code


@settings(max_examples=60, deadline=None)
@given(genomes())
def test_a_mirrored_genome_does_at_both_signs_what_it_did_at_the_square(genome):
    inputs = np.random.default_rng(0).normal(size=(4, genome.num_inputs))
    (other,) = mirrored(Population.of([genome]))
    one = forward(compile_genome(genome), [0.49, 1.44], inputs)
    two = forward(compile_genome(other), [0.7, 1.2, -0.7, -1.2], inputs)
    np.testing.assert_allclose(two[:2], one, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(two[2:], two[:2])


def test_relays_are_shared_by_the_connections_of_a_source():
    population = Population.of(grown_genomes(20))
    for genome, other in zip(population, mirrored(population), strict=True):
        sources = np.unique(genome.sources)
        assert other.num_nodes == genome.num_nodes + len(sources)
        assert len(other.sources) == len(genome.sources) + len(sources)


@settings(max_examples=60, deadline=None)
@given(genomes())
def test_with_k_relays_a_genome_does_at_w_what_it_did_with_one_at_the_root_of_k_times_w(genome):
    inputs = np.random.default_rng(0).normal(size=(4, genome.num_inputs))
    one = mirrored(Population.of([genome]))
    (many,) = amplified(one, 4)
    expected = forward(compile_genome(one[0]), [0.6, -1.8], inputs)
    np.testing.assert_allclose(forward(compile_genome(many), [0.3, -0.9], inputs), expected, rtol=1e-9, atol=1e-9)


def test_relays_of_genomes_with_memory_are_copied_with_their_delays():
    """But for plastic connections and products, which are not linear in what they read."""
    rng = np.random.default_rng(3)
    drawn = [remembering_genome(rng, plastic_share=0.0) for _ in range(40)]
    linear = [genome for genome in drawn if not (genome.activations == ACTIVATIONS["product"].code).any()]
    assert len(linear) > 8 and sum((genome.delays > 0).any() for genome in linear) > 8
    for genome in linear:
        inputs, one = rng.normal(size=(6, 4, genome.num_inputs)), mirrored(Population.of([genome]))
        (many,) = amplified(one, 4)
        found, expected = (
            forward_episode(compile_genome(each), weights, inputs)
            for each, weights in ((many, [0.3, -0.9]), (one[0], [0.6, -1.8]))
        )
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(genomes())
def test_copies_of_copies_multiply(genome):
    one = mirrored(Population.of([genome]))
    inputs = np.random.default_rng(0).normal(size=(4, genome.num_inputs))
    (twice,), (once,) = amplified(amplified(one, 2), 3), amplified(one, 6)
    assert (twice.num_nodes, twice.num_enabled) == (once.num_nodes, once.num_enabled)
    found, expected = (forward(compile_genome(each), [0.7], inputs) for each in (twice, once))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(genomes())
def test_the_relays_of_a_mirrored_genome_are_those_that_were_added(genome):
    (other,) = mirrored(Population.of([genome]))
    np.testing.assert_array_equal(relays_of(other), np.arange(genome.num_nodes, other.num_nodes))


def test_a_relay_is_linear_and_hidden_and_has_one_enabled_source():
    """Nodes: bias, input, output, and hidden ones, of which only 3 relays: 4 sums two, 5 is a tanh, 6 repeats 3."""
    sources, targets = [1, 1, 0, 1, 3, 0, 3, 4, 5, 6], [3, 4, 4, 5, 6, 3, 2, 2, 2, 2]
    enabled = [source != 0 or target != 3 for source, target in zip(sources, targets, strict=True)]
    genome = make_genome(1, 1, [LINEAR] * 5 + [TANH, LINEAR], sources, targets, enabled)
    assert relays_of(genome).tolist() == [3]
    (other,) = amplified(Population.of([genome]), 3)
    assert (other.num_nodes, len(other.sources), other.num_enabled) == (9, 10 + 2 * 4, 9 + 2 * 3)


@pytest.mark.parametrize("copies", [1, 5])
def test_nothing_is_copied_where_nothing_relays(copies):
    genome = make_genome(1, 1, [LINEAR] * 3, [0, 1], [2, 2], [True, True])
    assert amplified(Population.of([genome]), copies)[0] == genome
