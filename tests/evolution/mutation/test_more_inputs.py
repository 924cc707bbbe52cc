import numpy as np
import pytest
from hypothesis import given, settings

from evolution.mutation.more_inputs import genome_with_inputs
from genomes import genomes
from wann.network import compile_genome
from wann.oracle import forward


@settings(max_examples=60, deadline=None)
@given(genomes())
def test_a_genome_with_more_inputs_does_what_it_did_whatever_they_are(genome):
    before = tuple(f"i{number}" for number in range(genome.num_inputs))
    names = ("new", *reversed(before), "other")
    more = genome_with_inputs(genome, before, names)
    inputs = np.random.default_rng(0).normal(size=(4, len(names)))
    expected = forward(compile_genome(genome), [0.7, -1.2], inputs[:, genome.num_inputs : 0 : -1])
    np.testing.assert_allclose(forward(compile_genome(more), [0.7, -1.2], inputs), expected, rtol=1e-9, atol=1e-9)
    assert (more.num_hidden, more.num_enabled) == (genome.num_hidden, genome.num_enabled)


@given(genomes())
def test_inputs_that_are_not_there_are_refused(genome):
    before = tuple(f"i{number}" for number in range(genome.num_inputs))
    with pytest.raises(ValueError, match="inputs among"):
        genome_with_inputs(genome, before, before[1:])
