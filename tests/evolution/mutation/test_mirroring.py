import numpy as np
from hypothesis import given, settings

from evolution.mutation.mirroring import mirrored
from genomes import genomes, grown_genomes
from wann.network import compile_genome
from wann.oracle import forward
from wann.population import Population


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
