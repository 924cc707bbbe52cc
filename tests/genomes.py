"""Genomes for tests: grown by the real operators from the minimal one."""

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from envs.testing.networks import random_genome, with_memory
from evolution.mutation.apply import mutate_genome
from evolution.mutation.registry import OF_MEMORY, OPERATORS
from wann.activations import ACTIVATION_OF_CODE, ACTIVATIONS
from wann.genome import Genome, minimal_genome
from wann.plasticity import DECAY, LIMIT


def grown_genome(rng: np.random.Generator, num_inputs: int = 3, num_outputs: int = 2, num_steps: int = 30) -> Genome:
    """A feed-forward genome after ``num_steps`` random operators, all six of them."""
    enabled = rng.random((num_inputs + 1) * num_outputs) < 0.7
    genome = minimal_genome(num_inputs, num_outputs, enabled)
    names = [name for name in OPERATORS if name not in (*OF_MEMORY, "repeat_along_group", "split_node")]
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
    """The genes without a delay as a networkx graph, whose algorithms are the oracle."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(genome.num_nodes))
    keep = (genome.delays == 0) & (genome.enabled | (not only_enabled))
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


def remembering_genome(rng: np.random.Generator, num_delayed: int = 6, plastic_share: float = 0.2) -> Genome:
    """A small genome with any activations, delays and plastic genes."""
    shape = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    genome = random_genome(*shape, rng, max_hidden=7, activations=tuple(ACTIVATIONS))
    return with_memory(genome, rng, num_delayed, plastic_share)


@st.composite
def remembering_genomes(draw: st.DrawFn) -> Genome:
    """Genomes with state, from none to a dozen delayed genes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return remembering_genome(rng, draw(st.integers(0, 12)), draw(st.sampled_from([0.0, 0.2, 1.0])))


def play_by_definition(genome: Genome, weight: float, inputs: np.ndarray) -> np.ndarray:
    """Outputs [T, O] of an episode with inputs [T, I], gene by gene: no pruning, no program."""
    strengths, totals = np.zeros(len(genome.sources)), np.zeros(genome.num_nodes)
    history: list[np.ndarray] = []
    for row in inputs:
        values = np.zeros(genome.num_nodes)
        values[: 1 + genome.num_inputs] = [1, *row]
        past = [values, *reversed(history)]
        read = {}
        for node in nx.topological_sort(graph_of(genome)):
            if node < 1 + genome.num_inputs:
                continue
            terms = []
            for gene in np.flatnonzero((genome.targets == node) & genome.enabled).tolist():
                delay = int(genome.delays[gene])
                read[gene] = past[delay][genome.sources[gene]] if delay < len(past) else 0.0
                terms.append(read[gene] * (strengths[gene] if genome.plastic[gene] else 1.0))
            entry = ACTIVATION_OF_CODE[int(genome.activations[node])]
            if entry.gathers == "product":
                argument = np.prod([weight * term for term in terms]) if terms else 0.0
            else:
                totals[node] = sum(terms) + (totals[node] if entry.gathers == "total" else 0.0)
                argument = weight * totals[node]
            values[node] = float(entry.function(np.float64(argument)))
        for gene, pre in read.items():
            strengths[gene] = np.clip(DECAY * strengths[gene] + pre * values[genome.targets[gene]], -LIMIT, LIMIT)
        history.append(values)
    return np.array(history)[:, 1 + genome.num_inputs : genome.num_fixed]
