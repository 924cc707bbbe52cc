"""Small random genomes and networks for tests; tests of tasks elsewhere have them, too."""

from envs.testing.networks import SMOOTH, random_genome, random_networks, random_population, with_memory

__all__ = ["SMOOTH", "random_genome", "random_networks", "random_population", "with_memory"]
