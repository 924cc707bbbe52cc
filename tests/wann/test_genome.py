import re
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from genomes import genomes, graph_of
from wann.genome import Genome, make_genome, minimal_genome


def test_minimal_genome_connects_every_source_to_every_output():
    genome = minimal_genome(2, 2, [1, 0, 1, 0, 1, 0])
    assert genome.sources.tolist() == [0, 0, 1, 1, 2, 2]
    assert genome.targets.tolist() == [3, 4, 3, 4, 3, 4]
    assert (genome.num_hidden, genome.num_enabled) == (0, 3)


def test_arrays_cannot_be_written_to():
    genome = minimal_genome(2, 1)
    for array in (genome.activations, genome.sources, genome.targets, genome.enabled):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activations": [1, 1, 1, 1, 13]}, "unknown activation code 13"),
        ({"activations": [1, 1]}, "expected at least 4 nodes"),
        ({"sources": [1, 4]}, "one length"),
        ({"targets": [4, 9, 3]}, r"connection 1 \(4 -> 9\) names a node outside"),
        ({"sources": [1, 3, 2]}, "leaves an output"),
        ({"targets": [4, 1, 3]}, "enters the bias or an input"),
        ({"sources": [1, 1, 1], "targets": [4, 4, 3]}, "appears twice"),
        ({"sources": [4, 4, 2], "targets": [4, 3, 3]}, "cycle"),
        ({"num_inputs": 0}, "at least one input"),
        ({"delays": [0, 0]}, "one entry for each of 3 connections, found 2"),
        (
            {"sources": [1, 4, 0], "delays": [0, 0, 1]},
            r"connection 2 \(0 -> 3, delay 1\) is delayed and leaves the bias",
        ),
        ({"delays": [0, 9, 0]}, r"connection 1 \(4 -> 3\) has a delay outside 0..8: more than 8"),
        ({"delays": [0, 300, 0]}, r"connection 1 \(4 -> 3\) has a delay outside 0..8: more than 8"),
        ({"delays": [-1, 0, 0]}, r"connection 0 \(1 -> 4\) has a delay outside 0..8: less than 0"),
        ({"sources": [3, 4, 2], "delays": [0, 1, 1]}, "outputs have no outgoing connections without a delay"),
        ({"sources": [4, 4, 2], "targets": [4, 3, 3], "delays": [0, 1, 1]}, "a cycle needs a connection with a delay"),
        ({"sources": [1, 1, 1], "targets": [4, 4, 3], "delays": [2, 2, 0]}, r"\(1 -> 4, delay 2\) appears twice"),
    ],
)
def test_broken_genomes_are_refused(change, message):
    good = {
        "num_inputs": 2,
        "num_outputs": 1,
        "activations": [1, 1, 1, 1, 3],
        "sources": [1, 4, 2],
        "targets": [4, 3, 3],
        "enabled": [True, True, False],
    }
    make_genome(**good)
    with pytest.raises(ValueError, match=message):
        make_genome(**{**good, **change})


def test_a_cycle_through_disabled_genes_is_a_cycle():
    with pytest.raises(ValueError, match="cycle"):
        make_genome(1, 1, [1, 1, 1, 3, 3], [3, 4], [4, 3], np.array([True, False]))


def with_gene(genome: Genome, source: int, target: int, delay: int, enabled: bool) -> Genome:
    genes = np.r_[genome.sources, source], np.r_[genome.targets, target], np.r_[genome.enabled, enabled]
    shape = genome.num_inputs, genome.num_outputs
    return make_genome(*shape, genome.activations, *genes, np.r_[genome.delays, delay])


@settings(max_examples=50, deadline=None)
@given(genomes(), st.randoms(use_true_random=False), st.booleans())
def test_a_cycle_without_delay_is_named_and_one_with_a_delay_is_fine(genome, random, enabled):
    """The nodes that the message names are those of a cycle, whichever gene closes it."""
    paths = [(a, b) for b in range(genome.num_fixed, genome.num_nodes) for a in nx.descendants(graph_of(genome), b)]
    inner = [(a, b) for a, b in paths if a >= genome.num_fixed]
    assume(inner)
    source, target = random.choice(inner)
    with pytest.raises(ValueError, match="form a cycle") as error:
        with_gene(genome, source, target, 0, enabled)
    cycle = [int(node) for node in re.search(r"[\d >-]+;", str(error.value))[0][:-1].split(" -> ")]
    closed = graph_of(genome)
    closed.add_edge(source, target)
    assert cycle[0] == cycle[-1] and all(closed.has_edge(*ends) for ends in pairwise(cycle))
    assert with_gene(genome, source, target, 1, enabled).delays[-1] == 1


def test_delayed_genes_may_close_cycles_loop_and_leave_outputs():
    sources, targets, delays = [1, 4, 4, 3, 3, 1], [4, 3, 4, 4, 3, 4], [0, 0, 1, 2, 8, 1]
    genome = make_genome(2, 1, [1, 1, 1, 1, 3], sources, targets, np.ones(6), delays)
    assert genome.delays.tolist() == delays
    assert not genome.plastic.any()


def test_a_genome_without_delays_equals_one_whose_delays_are_zero():
    genes = [1], [3], [True]
    plain = make_genome(2, 1, [1, 1, 1, 1], *genes)
    assert plain == make_genome(2, 1, [1, 1, 1, 1], *genes, [0], [False])
    assert plain != make_genome(2, 1, [1, 1, 1, 1], *genes, [1])
    assert plain != make_genome(2, 1, [1, 1, 1, 1], *genes, [0], [True])
    with pytest.raises(ValueError, match="read-only"):
        plain.delays[0] = 1
