"""Genomes of real runs for the benchmarks: reading the committed sets, and the command that made them.

``python -m benchmarks.evolved`` runs the searches again and rewrites ``benchmarks/data``. Sizes are counted after
pruning: "30 nodes, 55 connections" are 24 computed nodes beside bias and inputs.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.searching import generations
from configs import Config, load_config, result_keys
from configs.schema import AgeFitnessConfig, EvaluationConfig, MutationConfig, SearchConfig, TaskConfig
from wann.genome import Genome, make_genome
from wann.network import compile_population
from wann.population import Population

DATA = Path(__file__).parent / "data"
# Without pressure on complexity networks grow to the sizes that other tasks need.
GROWING = MutationConfig(add_connection=0.45, insert_node=0.35, enable=0.05, change_activation=0.15)


@dataclass(frozen=True)
class GenomeSet:
    """Which genomes to gather (after pruning), and from what searches."""

    connections: int
    tolerance: int
    nodes: tuple[int, int]  # bias, inputs and outputs included
    config: Config
    generations: int
    num_genomes: int = 24
    enabled_only: bool = False  # leave disabled genes out: a classifier of 256 inputs has thousands


SETS = {
    "swingup_conns55": GenomeSet(55, 5, (28, 32), load_config("configs/cartpole_swingup_age_fitness.yaml"), 800),
    "swingup_conns212": GenomeSet(
        212,
        20,
        (0, 1000),
        Config(search=SearchConfig(population=64, complexity_probability=0.0, mutation=GROWING)),
        1500,
    ),
    # The size of the published walker: 74 hidden nodes, 210 connections.
    "biped_conns210": GenomeSet(
        210,
        20,
        (80, 140),
        Config(
            task=TaskConfig.model_validate({"name": "bipedal_walker", "max_steps": 100, "stall_steps": 60}),
            search=SearchConfig(
                population=24,
                tournament_size=4,
                strategy="age_fitness",
                age_fitness=AgeFitnessConfig(age_generations=1),
                initial_connectivity=0.25,
                complexity_probability=0.0,
                mutation=GROWING,
                extra_mutation=0.5,
            ),
            evaluation=EvaluationConfig(weights=(1.0,), rollouts=1),
        ),
        800,
    ),
}


def _mnist(connections: int, tolerance: int, num_genomes: int, mutation: MutationConfig) -> GenomeSet:
    """Classifiers that the published search makes where nothing presses on their size."""
    config = load_config("configs/mnist_paper.yaml")
    changes = {"population": 240, "complexity_probability": 0.0, "mutation": mutation}
    search = config.search.model_copy(update=changes)
    config = config.model_copy(update={"search": search})
    return GenomeSet(connections, tolerance, (0, 10_000), config, 4000, num_genomes, enabled_only=True)


SETS |= {
    "mnist_conns192": _mnist(192, 16, 24, MutationConfig()),
    "mnist_conns460": _mnist(460, 40, 16, MutationConfig()),
    "mnist_conns1849": _mnist(1849, 150, 8, GROWING),
}


def load(name: str) -> list[Genome]:
    """The genomes of one committed set."""
    document = json.loads((DATA / f"{name}.json").read_text())
    shape = document["num_inputs"], document["num_outputs"]
    return [make_genome(*shape, *(genome[key] for key in _KEYS)) for genome in document["genomes"]]


_KEYS = ("activations", "sources", "targets", "enabled")


def collect(name: str) -> None:
    """Search until enough different programs of the wanted size were in some population."""
    wanted = SETS[name]
    found: dict[int, Genome] = {}
    for seed in range(1, 20):
        goal = min(wanted.num_genomes, len(found) + wanted.num_genomes // 2)  # no seed gives more than half of a set
        config = wanted.config.model_copy(update={"seed": seed})
        for _, search in generations(config):
            if search.generation % 20 == 0:
                _gather(search.population, wanted, found, goal)
            if len(found) >= goal or search.generation >= wanted.generations:
                break
        print(name, "seed", seed, "generation", search.generation, "genomes", len(found), flush=True)
        if len(found) >= wanted.num_genomes:
            break
    genomes = list(found.values())[: wanted.num_genomes]
    write(name, wanted.config, [_enabled_only(genome) for genome in genomes] if wanted.enabled_only else genomes)


def _enabled_only(genome: Genome) -> Genome:
    genes = genome.sources[genome.enabled], genome.targets[genome.enabled], genome.enabled[genome.enabled]
    return make_genome(genome.num_inputs, genome.num_outputs, genome.activations, *genes)


def _gather(population: Population, wanted: GenomeSet, found: dict[int, Genome], goal: int) -> None:
    networks = compile_population(population)
    nodes = 1 + networks.num_inputs + np.diff(networks.node_offsets)
    near = np.flatnonzero(
        (np.abs(networks.num_connections() - wanted.connections) <= wanted.tolerance)
        & (nodes >= wanted.nodes[0])
        & (nodes <= wanted.nodes[1])
    )
    for index in near.tolist()[:4]:
        if len(found) < goal:
            found.setdefault(int(networks.hashes[index]), population[index])


def write(name: str, config: Config, genomes: list[Genome]) -> None:
    """A set that `load` reads, with the sections of the config that made it."""
    records = [{key: getattr(genome, key).astype(int).tolist() for key in _KEYS} for genome in genomes]
    lines = ",\n".join(json.dumps(record, separators=(",", ":")) for record in records)
    head = json.dumps({key: result_keys(config)[key] for key in ("task", "search", "evaluation")})
    DATA.mkdir(exist_ok=True)
    shape = f'"num_inputs": {genomes[0].num_inputs}, "num_outputs": {genomes[0].num_outputs}'
    (DATA / f"{name}.json").write_text(f'{{"made_by": {head},\n{shape},\n"genomes": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    for set_name in sys.argv[1:] or SETS:
        collect(set_name)
