"""The checks of tasks that run networks with state, and of those that do not (`envs.task.KeepsState`)."""

from __future__ import annotations

from functools import partial

import numpy as np

from envs.task import HasGroups, KeepsState, groups_of, keeps_state
from envs.testing.networks import delayed, with_memory
from envs.testing.sample import SEEDS, SHARED, Sample, expect, expect_close, expect_refused, expect_same, part
from wann.errors import UserError
from wann.network import Networks, compile_population
from wann.population import Population


def check_state(sample: Sample) -> None:
    """A task keeps the state of every episode apart, or it refuses networks with state."""
    task, rng = sample.task, sample.rng(5)
    if isinstance(task, KeepsState):
        expect(isinstance(task.keeps_state, bool), f"{task.name}: expected keeps_state to be true or false")
    genomes = [with_memory(genome, rng) for genome in sample.smooth]
    networks = compile_population(Population.of(genomes))
    if not keeps_state(task):
        with_state = Networks.of([network for network in networks if not network.is_plain])
        expect_refused(task, "networks with state", partial(task.evaluate, with_state, SHARED, SEEDS))
        return
    mixed = Networks.of([*sample.networks, *networks])
    whole = task.evaluate(mixed, SHARED, SEEDS)
    expect_same(task, "of networks beside some with state", part(whole, np.s_[: len(sample.networks)]), sample.returns)
    for p in range(len(sample.networks), len(mixed)):
        alone = task.evaluate(mixed.take([p]), SHARED[[1]], SEEDS[[1]])
        expect_same(task, f"of network {p}, which has state, alone", alone, part(whole, np.ix_([p], [1], [1])))
    twice = task.evaluate(networks, SHARED, SEEDS[[1, 0, 1]])
    expect_same(task, "of one seed twice with state", part(twice, np.s_[:, :, [0]]), part(twice, np.s_[:, :, [2]]))
    _check_delays(sample)


def _check_delays(sample: Sample) -> None:
    """Networks with delays act as the oracle does, with shared and with individual weights."""
    task, rng = sample.task, sample.rng(6)
    population = Population.of([delayed(genome, rng) for genome in sample.smooth])
    networks, weights = compile_population(population), np.array([-0.6, 0.9])
    own = [rng.uniform(-1, 1, (2, count)) for count in population.num_enabled()]
    shared, individual = task.evaluate(networks, weights, SEEDS), task.evaluate(networks, own, SEEDS)
    for p, network in enumerate(networks):
        alone = task.evaluate(networks.take([p]), [own[p]], SEEDS)
        expect_same(task, f"of network {p} with delays and individual weights alone", alone, part(individual, [p]))
        for said, found, given in (("", shared, weights), (" with individual weights", individual, own[p])):
            if sample.oracle:
                judged = task.evaluate_oracle(network, given, SEEDS)
                expect_close(sample, f"delays{said}", found.values[[p]], "evaluate_oracle", judged.values)


def check_groups(sample: Sample) -> None:
    """Groups of inputs and outputs have members that exist, each in one group."""
    task = sample.task
    if not isinstance(task, HasGroups):
        return
    try:
        groups_of(task)
    except UserError as error:
        raise AssertionError(f"{task.name}: expected {error.expected}, found {error.found}") from error
    expect(bool(task.input_groups or task.output_groups), f"{task.name}: expected at least one group, found none")
