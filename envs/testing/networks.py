"""Small random genomes and networks, for tests of tasks and backends.

They are drawn from a given generator, with hidden nodes in any order and some genes disabled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wann import ACTIVATIONS, Genome, Networks, Population, compile_population, make_genome
from wann.activations import ELEMENTWISE

SMOOTH = tuple(name for name in ELEMENTWISE if name != "step")


def random_genome(
    num_inputs: int,
    num_outputs: int,
    rng: np.random.Generator,
    max_hidden: int = 6,
    activations: Sequence[str] = tuple(ELEMENTWISE),
) -> Genome:
    """A valid genome with up to ``max_hidden`` hidden nodes and about one gene in ten disabled.

    Every output has at least one enabled gene, so that no output is constant.
    """
    num_fixed = 1 + num_inputs + num_outputs
    num_hidden = int(rng.integers(max_hidden + 1))
    hidden = num_fixed + rng.permutation(num_hidden)  # in order of computation, which differs from that of indices
    sources = [*range(1 + num_inputs), *hidden]
    pairs = []
    for position, target in enumerate([*hidden, *range(1 + num_inputs, num_fixed)]):
        usable = sources[: 1 + num_inputs + min(position, num_hidden)]
        chosen = rng.choice(usable, size=min(len(usable), int(rng.integers(1, 5))), replace=False)
        pairs += [(source, target, k == 0 or rng.random() > 0.1) for k, source in enumerate(chosen)]
    rng.shuffle(pairs)
    codes = [ACTIVATIONS[name].code for name in rng.choice(list(activations), num_hidden)]
    linear = [ACTIVATIONS["linear"].code] * num_fixed
    from_, to, enabled = zip(*pairs, strict=True)
    return make_genome(
        num_inputs, num_outputs, linear + codes, np.array(from_, int), np.array(to, int), np.array(enabled, bool)
    )


def with_memory(
    genome: Genome, rng: np.random.Generator, num_delayed: int = 5, plastic_share: float = 0.2, most_delay: int = 4
) -> Genome:
    """The genome with up to ``num_delayed`` delayed genes between any nodes, and a share of its genes plastic."""
    count, first_output = genome.num_nodes, 1 + genome.num_inputs
    drawn = {
        (int(rng.integers(1, count)), int(rng.integers(first_output, count)), int(rng.integers(1, most_delay + 1)))
        for _ in range(num_delayed)
    }
    sources, targets, delays = np.array(sorted(drawn), int).reshape(-1, 3).T
    return make_genome(
        genome.num_inputs,
        genome.num_outputs,
        genome.activations,
        np.r_[genome.sources, sources],
        np.r_[genome.targets, targets],
        np.r_[genome.enabled, rng.random(len(sources)) > 0.1],
        np.r_[genome.delays, delays],
        rng.random(len(genome.sources) + len(sources)) < plastic_share,
    )


def delayed(genome: Genome, rng: np.random.Generator, most_delay: int = 3) -> Genome:
    """The genome with about half of its genes delayed. Without cycles, nothing amplifies rounding errors for long."""
    delays = rng.integers(1, most_delay + 1, len(genome.sources)) * (rng.random(len(genome.sources)) < 0.5)
    return make_genome(
        genome.num_inputs,
        genome.num_outputs,
        genome.activations,
        genome.sources,
        genome.targets,
        genome.enabled,
        np.where(genome.sources > 0, delays, 0),
    )


def random_population(
    num_inputs: int,
    num_outputs: int,
    count: int,
    rng: np.random.Generator,
    max_hidden: int = 6,
    activations: Sequence[str] = tuple(ELEMENTWISE),
) -> Population:
    """``count`` random genomes. Give ``SMOOTH`` activations if a jump would make float32 differ from float64."""
    return Population.of([random_genome(num_inputs, num_outputs, rng, max_hidden, activations) for _ in range(count)])


def random_networks(
    num_inputs: int,
    num_outputs: int,
    count: int,
    rng: np.random.Generator,
    max_hidden: int = 6,
    activations: Sequence[str] = tuple(ELEMENTWISE),
) -> Networks:
    """Like `random_population`, compiled."""
    return compile_population(random_population(num_inputs, num_outputs, count, rng, max_hidden, activations))
