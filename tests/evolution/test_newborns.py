import numpy as np
import pytest

from evolution.mutation import palette_of
from evolution.newborns import newborns
from wann.forward import forward
from wann.genome import validate_genome
from wann.network import compile_genome

ODD = ["linear", "sin", "tanh", "inverse"]


def made(num_hidden: int, count: int = 50, connectivity: float = 0.4):
    return newborns(np.random.default_rng(0), count, (5, 2), connectivity, num_hidden, palette_of(ODD))


@pytest.mark.parametrize("num_hidden", [0, 1, 7])
def test_newborns_are_sound_and_as_connected_as_asked_for(num_hidden):
    population = made(num_hidden)
    assert len(population) == 50 and len(made(num_hidden, count=0)) == 0
    for genome in population:
        validate_genome(genome)
        assert genome.num_nodes == genome.num_fixed + num_hidden
    assert 0.35 < population.enabled.mean() < 0.45
    assert len({genome.enabled.tobytes() for genome in population}) > 30


def test_hidden_newborns_connect_nothing_directly_and_draw_their_activations():
    genomes = list(made(7))
    hidden = np.arange(8, 15)
    for genome in genomes:
        assert (np.isin(genome.sources, hidden) != np.isin(genome.targets, hidden)).all()
    drawn = {code for genome in genomes for code in genome.activations[hidden].tolist()}
    assert drawn == set(palette_of(ODD).tolist())


def test_hidden_newborns_of_odd_activations_do_the_same_at_both_signs_of_the_weight():
    inputs = np.random.default_rng(1).normal(size=(9, 5))
    moved = 0
    for genome in made(7):
        plus, minus = forward(compile_genome(genome), [0.8, -0.8], inputs)
        np.testing.assert_allclose(plus, minus, atol=1e-12)
        moved += bool(np.abs(plus).max() > 0)
    assert moved > 40
