"""Genomes for tests: grown by the real operators from the minimal one."""

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from evolution.mutation.apply import mutate_genome
from evolution.mutation.registry import OPERATORS
from wann.activations import ACTIVATIONS
from wann.genome import Genome, minimal_genome


def grown_genome(rng: np.random.Generator, num_inputs: int = 3, num_outputs: int = 2, num_steps: int = 30) -> Genome:
    """A genome after ``num_steps`` random operators, all six of them."""
    enabled = rng.random((num_inputs + 1) * num_outputs) < 0.7
    genome = minimal_genome(num_inputs, num_outputs, enabled)
    names = list(OPERATORS)
    for _ in range(num_steps):
        genome = mutate_genome(genome, names[rng.integers(len(names))], rng)
    return genome


def grown_genomes(count: int, seed: int = 0, **shape: int) -> list[Genome]:
    rng = np.random.default_rng(seed)
    return [grown_genome(rng, **shape) for _ in range(count)]


@st.composite
def genomes(draw: st.DrawFn) -> Genome:
    """Genomes of all sizes from minimal to about forty operators."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return grown_genome(rng, draw(st.integers(1, 6)), draw(st.integers(1, 4)), num_steps=draw(st.integers(0, 40)))


def graph_of(genome: Genome, only_enabled: bool = False) -> nx.DiGraph:
    """The genome as a networkx graph, whose algorithms are the oracle."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(genome.num_nodes))
    keep = genome.enabled if only_enabled else np.ones(len(genome.enabled), bool)
    graph.add_edges_from(zip(genome.sources[keep].tolist(), genome.targets[keep].tolist(), strict=True))
    return graph


def evaluate_by_definition(genome: Genome, weight: float, inputs: np.ndarray) -> np.ndarray:
    """Outputs [O] by recursion over the genome's own genes: no pruning, no program."""
    values = {0: 1.0, **{1 + i: float(x) for i, x in enumerate(inputs)}}
    functions = {entry.code: entry.function for entry in ACTIVATIONS.values()}
    for node in nx.topological_sort(graph_of(genome)):
        if node not in values:
            incoming = (genome.targets == node) & genome.enabled
            total = sum(values[source] for source in genome.sources[incoming].tolist())
            values[node] = float(functions[int(genome.activations[node])](np.float64(weight * total)))
    return np.array([values[1 + genome.num_inputs + k] for k in range(genome.num_outputs)])
