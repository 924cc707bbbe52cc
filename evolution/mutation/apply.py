"""Drawing operators for the children of a generation, and applying them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evolution.mutation.registry import OPERATORS, check_probabilities, code_of
from wann.activations import ACTIVATIONS, ELEMENTWISE
from wann.genome import Genome
from wann.population import Population


def palette_of(names: Sequence[str]) -> NDArray[np.int8]:
    """Activation codes of the named activations."""
    return np.array([ACTIVATIONS[name].code for name in names], np.int8)


def draw_operators(
    rng: np.random.Generator, count: int, probabilities: Mapping[str, float], extra_mutation: float
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Operators [P, 2] and their uniforms [P, 2, 2]: one for every child, and a second with ``extra_mutation``.

    Args:
        rng: draws eight uniforms for each child.
        count: number of children, P.
        probabilities: by name of operator, with sum 1; 0 for those that are not named.
        extra_mutation: probability of a second operator; otherwise its code is -1.

    Raises:
        UserError: a name is unknown, or the sum is not 1.
    """
    check_probabilities(probabilities)
    draws = rng.random((count, 2, 4))
    chances = [probabilities.get(name, 0.0) for name in OPERATORS]
    # The last bound is 1 up to rounding. The minimum gives draws beyond it to the last operator that may be drawn.
    last = int(np.flatnonzero(chances)[-1])
    chosen = np.minimum(np.searchsorted(np.cumsum(chances), draws[:, :, 0], side="right"), last)
    operators = chosen.astype(np.int8)
    operators[:, 1][draws[:, 1, 1] >= extra_mutation] = -1
    return operators, draws[:, :, 2:]


def mutate(
    parents: Population,
    operators: NDArray[np.int8],
    uniforms: NDArray[np.float64],
    palette: NDArray[np.int8],
    groups: NDArray[np.int64] | None = None,
) -> Population:
    """Children of ``parents``: row i of ``operators [P, M]`` applied to a copy of genome i.

    ``groups [1 + I + O]`` are the groups of the bias, the inputs and the outputs, -1 for none; None for no groups.
    """
    from evolution.mutation import kernels

    shape, packed = (parents.num_inputs, parents.num_outputs), parents.packed_arrays()
    uniforms = np.ascontiguousarray(uniforms)
    groups = np.full(1 + sum(shape), -1) if groups is None else groups
    return _population(shape, kernels.mutate_packed(*shape, packed, operators, uniforms, palette, groups))


def prune(population: Population) -> Population:
    """The genomes without the hidden nodes that no output depends on. Their outputs stay the same."""
    from evolution.mutation import kernels

    shape = (population.num_inputs, population.num_outputs)
    return _population(shape, kernels.prune_packed(*shape, population.packed_arrays()))


def _population(shape: tuple[int, int], packed: tuple[NDArray, ...]) -> Population:
    """A population from arrays in the order of `Population.packed_arrays`."""
    activations, sources, targets, enabled, delays, plastic, node_offsets, connection_offsets = packed
    genes = sources, targets, enabled
    return Population(*shape, activations, *genes, node_offsets, connection_offsets, delays, plastic)


def mutate_genome(genome: Genome, operator: str, rng: np.random.Generator) -> Genome:
    """Apply one named operator to one genome, with all elementwise activations in the palette."""
    operators = np.array([[code_of(operator)]], np.int8)
    return mutate(Population.of([genome]), operators, rng.random((1, 1, 2)), palette_of(list(ELEMENTWISE)))[0]
