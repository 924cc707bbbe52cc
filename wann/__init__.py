"""Weight-agnostic networks: genomes, their compilation, and the ways to run them."""

from wann.activations import ACTIVATIONS
from wann.errors import UserError
from wann.forward import forward, forward_lanes
from wann.genome import Genome, make_genome, minimal_genome, validate_genome
from wann.network import Network, Networks, compile_genome, compile_population
from wann.population import Population

__all__ = [
    "ACTIVATIONS",
    "Genome",
    "Network",
    "Networks",
    "Population",
    "UserError",
    "compile_genome",
    "compile_population",
    "forward",
    "forward_lanes",
    "make_genome",
    "minimal_genome",
    "validate_genome",
]
