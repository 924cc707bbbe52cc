"""Weight-agnostic networks: genomes, their compilation, and the backends that run them.

This is the lowest room: nothing here imports another room of this project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from wann.activations import ACTIVATIONS as ACTIVATIONS
    from wann.champion import Champion as Champion
    from wann.champion import load_champion as load_champion
    from wann.champion import save_champion as save_champion
    from wann.errors import UserError as UserError
    from wann.genome import Genome as Genome
    from wann.genome import make_genome as make_genome
    from wann.genome import minimal_genome as minimal_genome
    from wann.genome import validate_genome as validate_genome
    from wann.network import Network as Network
    from wann.network import Networks as Networks
    from wann.network import compile_genome as compile_genome
    from wann.network import compile_population as compile_population
    from wann.oracle import forward as forward
    from wann.oracle import forward_lanes as forward_lanes
    from wann.population import Population as Population

_PLACES = {
    "ACTIVATIONS": "wann.activations",
    "Champion": "wann.champion",
    "Genome": "wann.genome",
    "Network": "wann.network",
    "Networks": "wann.network",
    "Population": "wann.population",
    "UserError": "wann.errors",
    "compile_genome": "wann.network",
    "compile_population": "wann.network",
    "forward": "wann.oracle",
    "forward_lanes": "wann.oracle",
    "load_champion": "wann.champion",
    "make_genome": "wann.genome",
    "minimal_genome": "wann.genome",
    "save_champion": "wann.champion",
    "validate_genome": "wann.genome",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
