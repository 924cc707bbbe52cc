import numpy as np
import pytest

from wann.genome import make_genome, minimal_genome


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
        ({"activations": [1, 1, 1, 1, 11]}, "unknown activation code 11"),
        ({"activations": [1, 1]}, "expected at least 4 nodes"),
        ({"sources": [1, 4]}, "one length"),
        ({"targets": [4, 9, 3]}, r"connection 1 \(4 -> 9\) names a node outside"),
        ({"sources": [1, 3, 2]}, "leaves an output"),
        ({"targets": [4, 1, 3]}, "enters the bias or an input"),
        ({"sources": [1, 1, 1], "targets": [4, 4, 3]}, "appears twice"),
        ({"sources": [4, 4, 2], "targets": [4, 3, 3]}, "cycle"),
        ({"num_inputs": 0}, "at least one input"),
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
