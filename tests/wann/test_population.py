import numpy as np
import pytest

from genomes import grown_genomes
from wann.genome import minimal_genome
from wann.population import Population, concatenate


def test_packing_taking_and_concatenating_keep_every_genome():
    genomes = grown_genomes(10)
    population = Population.of(genomes)
    assert list(population) == genomes
    assert list(population.take([3, 3, 0])) == [genomes[3], genomes[3], genomes[0]]
    assert list(concatenate([population.take([1]), population.take([]), population.take([2])])) == genomes[1:3]
    assert population[-1] == genomes[-1]


def test_enabled_connections_are_counted_per_genome():
    genomes = [minimal_genome(2, 1, [0, 0, 0]), minimal_genome(2, 1), minimal_genome(2, 1, [0, 1, 0])]
    assert Population.of(genomes).num_enabled().tolist() == [0, 3, 1]


def test_a_population_cannot_be_written_to():
    population = Population.of(grown_genomes(2))
    with pytest.raises(ValueError, match="read-only"):
        population[0].enabled[0] = False


def test_genomes_of_different_tasks_do_not_pack():
    with pytest.raises(ValueError, match="one task"):
        Population.of([minimal_genome(2, 1), minimal_genome(2, 2)])


def test_an_empty_selection_is_empty():
    population = Population.of(grown_genomes(2)).take(np.zeros(0, int))
    assert len(population) == 0
    assert list(population) == []
