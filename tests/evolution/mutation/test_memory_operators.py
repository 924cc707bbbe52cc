"""Operators of networks with memory, and the others on genomes that have it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.task import groups_of
from evolution.mutation.apply import mutate, mutate_genome, palette_of, prune
from evolution.mutation.mirroring import mirrored
from evolution.mutation.registry import OPERATORS, code_of
from genomes import remembering_genome, remembering_genomes
from wann.activations import ACTIVATIONS
from wann.genome import Genome, make_genome, minimal_genome, validate_genome
from wann.network import compile_genome
from wann.oracle import forward_episode
from wann.population import Population


def genes(genome: Genome) -> dict[tuple[int, int, int], tuple[bool, bool]]:
    """(source, target, delay) to (enabled, plastic)."""
    columns = genome.sources, genome.targets, genome.delays, genome.enabled, genome.plastic
    return {row[:3]: row[3:] for row in zip(*(column.tolist() for column in columns), strict=True)}


def changes(parent: Genome, child: Genome) -> tuple[dict, dict, dict]:
    """Genes that came, that went, and that are other than before."""
    old, new = genes(parent), genes(child)
    came, gone = ({key: a[key] for key in a.keys() - b.keys()} for a, b in ((new, old), (old, new)))
    return came, gone, {key: new[key] for key in old.keys() & new.keys() if old[key] != new[key]}


@settings(max_examples=80, deadline=None)
@given(remembering_genomes(), st.lists(st.sampled_from(list(OPERATORS)), min_size=1, max_size=12), st.integers(0, 999))
def test_any_sequence_of_operators_leaves_a_valid_genome(genome, names, seed):
    rng, groups = np.random.default_rng(seed), np.full(genome.num_fixed, -1)
    groups[1 : 1 + genome.num_inputs], groups[1 + genome.num_inputs :] = 0, 1
    for name in names:
        operators = np.array([[code_of(name)]], np.int8)
        palette = palette_of(["linear", "tanh", "accumulate", "product"])
        genome = mutate(Population.of([genome]), operators, rng.random((1, 1, 2)), palette, groups)[0]
        validate_genome(genome)


@pytest.mark.parametrize("name", OPERATORS)
def test_each_operator_changes_what_it_says_and_nothing_else(name):
    rng, changed = np.random.default_rng(0), 0
    for _ in range(60):
        parent = remembering_genome(rng)
        child = mutate_genome(parent, name, rng)
        if child == parent:
            continue
        changed += 1
        came, gone, flipped = changes(parent, child)
        if name == "add_delayed_connection":
            (((source, target, delay), found),) = came.items()
            assert source > 0 and target > parent.num_inputs and 1 <= delay <= 8
            assert (found, gone, flipped) == ((True, False), {}, {})
        elif name == "change_delay":
            ((one, before),), ((other, after),) = gone.items(), came.items()
            assert one[:2] == other[:2] and before == after and one[2] and other[2] and not flipped
        elif name == "add_plastic_connection":
            ((key, found),) = {**came, **flipped}.items()
            assert key[0] >= key[2] and key[2] <= 1 and found == (True, True) and not gone
        elif name == "insert_node":
            ((source, target, delay),) = flipped
            plastic = genes(parent)[source, target, delay][1]
            halves = {(a, b): (d, on, p) for (a, b, d), (on, p) in came.items()}
            node, of_output = parent.num_nodes, parent.num_inputs < source < parent.num_fixed
            assert halves[source, node] == (delay if of_output else 0, True, False)
            assert halves[node, target] == (0 if of_output else delay, True, plastic)
        elif name == "rewire":
            ((one, before),), ((other, after),) = gone.items(), came.items()
            assert one[1:] == other[1:] and before == after and one[0] != other[0] and not flipped
        elif name == "add_connection":
            assert (list(came.values()), gone, flipped) == ([(True, False)], {}, {})
            assert next(iter(came))[2] == 0
        elif name in ("enable", "disable"):
            ((key, found),) = flipped.items()
            assert found == (name == "enable", genes(parent)[key][1]) and not came and not gone
        elif name == "split_node":
            node, ((_, target, _), *_) = parent.num_nodes, gone
            assert came.pop((node, target, 0)) == (True, False) and not flipped
            assert came == {(source, node, delay): state for (source, _, delay), state in gone.items()}
        elif name == "add_difference":
            node, ((source, delay),) = parent.num_nodes, {(key[0], key[2]) for key in came if key[2]}
            (target,) = {key[1] for key in came if key[0] >= node}
            assert source > 0 and target > parent.num_inputs and 1 <= delay <= 8 and not (gone or flipped)
            assert came.keys() == {
                (source, node, 0),
                (node, target, 0),
                (source, node + 1, delay),
                (node + 1, target, 0),
            }
            assert set(came.values()) == {(True, False)}
            assert child.activations[node:].tolist() == [ACTIVATIONS["linear"].code, ACTIVATIONS["inverse"].code]
        else:
            assert name == "change_activation" and not (came or gone or flipped)
    assert changed >= (0 if name == "repeat_along_group" else 20)


def test_a_disabled_connection_is_revived_as_plastic():
    """A genome that starts with all genes disabled has no absent pair of an input and an output."""
    parent = minimal_genome(3, 2, np.zeros(8, bool))
    code = np.array([[code_of("add_plastic_connection")]], np.int8)
    for u in (0.1, 0.4, 0.6, 0.9):
        child = mutate(Population.of([parent]), code, np.array([[[u, 0.5]]]), palette_of(["linear"]))[0]
        came, gone, flipped = changes(parent, child)
        new = flipped if u < 0.5 else came  # with a delay there was none
        assert (list(new.values()), len(came) + len(flipped), gone) == ([(True, True)], 1, {})
        assert all((delay == 1) == (u >= 0.5) for _, _, delay in new)


def test_inserting_nodes_changes_no_delay():
    """Through linear nodes and at the weight 1 an episode stays the same."""
    rng = np.random.default_rng(3)
    code = np.array([[code_of("insert_node")]], np.int8)
    for _ in range(20):
        parent = remembering_genome(rng, plastic_share=0)
        child = mutate(Population.of([parent]), code, rng.random((1, 1, 2)), palette_of(["linear"]))[0]
        inputs = rng.normal(size=(6, 1, parent.num_inputs))
        found, expected = (forward_episode(compile_genome(genome), [1.0], inputs) for genome in (child, parent))
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_a_difference_is_one_at_every_weight():
    parent, code = minimal_genome(1, 1, np.zeros(2, bool)), np.array([[code_of("add_difference")]], np.int8)
    inputs, weights, delays = np.random.default_rng(5).normal(size=(20, 1, 1)), np.array([0.5, -3.0]), set()
    for v in (0.0, 0.2, 0.6, 0.99):
        child = mutate(Population.of([parent]), code, np.array([[[0.5, v]]]), palette_of(["step"]))[0]
        delays.add(delay := int(child.delays.max()))
        before = np.concatenate([np.zeros((delay, 1, 1)), inputs[:-delay]])
        expected = weights[:, None, None, None] ** 2 * (inputs - before)
        np.testing.assert_allclose(forward_episode(compile_genome(child), weights, inputs), expected, atol=1e-6)
    assert delays == {1, 2, 5, 8}


class Dictionary:
    """Keys and values of three symbols, and a signal that belongs to neither."""

    name = "dictionary"
    num_inputs, num_outputs = 7, 3
    input_groups, output_groups = ((0, 1, 2), (3, 4, 5)), ((0, 1, 2),)


def test_groups_of_a_task_are_those_of_its_nodes():
    groups = groups_of(Dictionary())
    assert groups is not None
    assert groups.tolist() == [-1, 0, 0, 0, 1, 1, 1, -1, 2, 2, 2]
    assert groups_of(object()) is None


def repeated(genome: Genome, v: float) -> set[tuple[int, int, int]]:
    code = np.array([[code_of("repeat_along_group")]], np.int8)
    uniforms = np.array([[[0.0, v]]])
    groups = groups_of(Dictionary())
    child = mutate(Population.of([genome]), code, uniforms, palette_of(["tanh"]), groups)[0]
    validate_genome(child)
    assert set(genes(child).values()) == {(True, True)}
    return set(genes(child))


def test_a_connection_is_repeated_along_the_groups_of_its_ends():
    """From the second key to the third output: along keys, along outputs, along both, and in parallel."""
    genome = make_genome(7, 3, [1] * 11, [2], [10], [True], plastic=[True])
    assert repeated(genome, 0.1) == {(key, 10, 0) for key in (1, 2, 3)}
    assert repeated(genome, 0.3) == {(2, output, 0) for output in (8, 9, 10)}
    assert repeated(genome, 0.6) == {(key, output, 0) for key in (1, 2, 3) for output in (8, 9, 10)}
    assert repeated(genome, 0.9) == {(1, 9, 0), (2, 10, 0), (3, 8, 0)}


def test_an_end_without_a_group_stays():
    genome = make_genome(7, 3, [1] * 11, [7], [8], [True], plastic=[True])
    assert repeated(genome, 0.7) == {(7, output, 0) for output in (8, 9, 10)}
    hidden = make_genome(7, 3, [1] * 12, [4], [11], [True], [3], [True])
    assert repeated(hidden, 0.7) == {(value, 11, 3) for value in (4, 5, 6)}


def test_without_groups_nothing_is_repeated():
    genome = minimal_genome(3, 2)
    assert mutate_genome(genome, "repeat_along_group", np.random.default_rng(0)) == genome


@settings(max_examples=40, deadline=None)
@given(remembering_genomes())
def test_pruning_changes_no_program(genome):
    pruned = prune(Population.of([genome]))[0]
    validate_genome(pruned)
    assert compile_genome(pruned).structural_hash == compile_genome(genome).structural_hash
    assert pruned.num_hidden == compile_genome(genome).num_hidden


def test_mirrored_genomes_keep_their_delays():
    rng = np.random.default_rng(8)
    compared = 0
    while compared < 8:
        genome = remembering_genome(rng, plastic_share=0)
        if 12 in genome.activations:  # products
            continue
        twin = mirrored(Population.of([genome]))[0]
        inputs = rng.normal(size=(6, 2, genome.num_inputs))
        found = forward_episode(compile_genome(twin), [0.8, -0.8], inputs)
        expected = forward_episode(compile_genome(genome), [0.64], inputs)[0]
        np.testing.assert_allclose(found, np.stack([expected, expected]), rtol=1e-5, atol=1e-7)
        compared += 1
