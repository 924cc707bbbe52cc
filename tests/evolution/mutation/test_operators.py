import os
import subprocess
import sys
from importlib import import_module

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.schema import MutationConfig
from evolution.mutation.apply import draw_operators, mutate, mutate_genome, palette_of, prune
from evolution.mutation.registry import OF_MEMORY, OPERATORS, check_probabilities, code_of
from genomes import genomes, graph_of, grown_genome, grown_genomes
from places import ROOT
from wann.activations import ELEMENTWISE
from wann.errors import UserError
from wann.genome import Genome, make_genome, minimal_genome, validate_genome
from wann.network import compile_genome
from wann.population import Population

LAYERED = make_genome(1, 1, [1, 1, 1, 3, 5], [1, 3, 4], [3, 4, 2], [True, True, True])


FEED_FORWARD = tuple(name for name in OPERATORS if name not in (*OF_MEMORY, "repeat_along_group"))


def genes(genome: Genome) -> dict[tuple[int, int], bool]:
    pairs = zip(genome.sources.tolist(), genome.targets.tolist(), strict=True)
    return dict(zip(pairs, genome.enabled.tolist(), strict=True))


@settings(max_examples=80, deadline=None)
@given(genomes(), st.lists(st.sampled_from(FEED_FORWARD), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_any_sequence_of_operators_leaves_a_valid_graph_and_the_parent_unchanged(parent, names, seed):
    rng = np.random.default_rng(seed)
    genome = parent
    for name in names:
        before = [array.copy() for array in (genome.activations, genome.sources, genome.targets, genome.enabled)]
        child = mutate_genome(genome, name, rng)
        for array, copy in zip(
            (genome.activations, genome.sources, genome.targets, genome.enabled), before, strict=True
        ):
            np.testing.assert_array_equal(array, copy)
        validate_genome(child)
        assert nx.is_directed_acyclic_graph(graph_of(child))
        assert len(genes(child)) == len(child.sources)
        genome = child


@pytest.mark.parametrize("name", FEED_FORWARD)
def test_each_operator_changes_what_it_says_and_nothing_else(name):
    rng = np.random.default_rng(0)
    changed = 0
    for parent in grown_genomes(40, num_steps=25):
        child = mutate_genome(parent, name, rng)
        if child == parent:
            continue
        changed += 1
        old, new = genes(parent), genes(child)
        added = {pair: new[pair] for pair in new.keys() - old.keys()}
        flipped = [pair for pair in old.keys() & new.keys() if old[pair] != new[pair]]
        recoded = np.flatnonzero(parent.activations != child.activations[: parent.num_nodes])
        if name == "add_connection":
            assert (list(added.values()), flipped, len(recoded)) == ([True], [], 0)
        elif name == "insert_node":
            node = parent.num_nodes
            (source, target) = flipped[0]
            assert added == {(source, node): True, (node, target): True}
            assert old[source, target]
            assert (child.num_nodes, len(recoded), len(flipped)) == (node + 1, 0, 1)
        elif name == "split_node":
            node, moved = parent.num_nodes, old.keys() - new.keys()
            (target,) = {gene[1] for gene in moved}
            assert len(moved) > 1 and moved == {gene for gene, on in old.items() if on and gene[1] == target}
            assert added == {(node, target): True} | {(source, node): True for source, _ in moved}
            assert (child.num_nodes, len(recoded), flipped) == (node + 1, 0, [])
        elif name in ("enable", "disable"):
            assert not added
            assert len(recoded) == 0
            assert [old[pair] for pair in flipped] == [name == "disable"]
        elif name == "change_activation":
            assert new == old
            assert len(recoded) == 1
            assert recoded[0] >= parent.num_fixed
        elif name == "rewire":
            (gone,) = old.keys() - new.keys()
            (come,) = added
            assert gone[1] == come[1]
            assert old[gone]
            assert added[come]
            assert len(flipped) == 0
    assert changed >= 20


def test_add_connection_reaches_every_absent_edge_to_a_later_layer_and_no_other():
    # bias 0 and input 1 in layer 0, node 3 in layer 1, node 4 in layer 2, output 2 in layer 3.
    rng = np.random.default_rng(0)
    found = {
        (genes(mutate_genome(LAYERED, "add_connection", rng)).keys() - genes(LAYERED).keys()).pop() for _ in range(300)
    }
    assert found == {(0, 3), (0, 4), (0, 2), (1, 4), (1, 2), (3, 2)}


def test_a_source_is_drawn_first_as_published():
    """Every source with a free target is equally likely, however many targets it has."""
    rng = np.random.default_rng(1)
    sources = [
        (genes(mutate_genome(LAYERED, "add_connection", rng)).keys() - genes(LAYERED).keys()).pop()[0]
        for _ in range(3000)
    ]
    shares = np.bincount(sources, minlength=4)[[0, 1, 3]] / 3000
    np.testing.assert_allclose(shares, 1 / 3, atol=0.04)  # 4.6 standard deviations


@pytest.mark.parametrize(
    ("name", "genome"),
    [
        ("add_connection", minimal_genome(2, 1)),
        ("insert_node", minimal_genome(2, 1, np.zeros(3, bool))),
        ("enable", minimal_genome(2, 1)),
        ("change_activation", minimal_genome(2, 1)),
        ("disable", minimal_genome(2, 1, np.zeros(3, bool))),
        ("rewire", minimal_genome(2, 1)),
        ("split_node", minimal_genome(2, 1, np.array([True, False, False]))),
    ],
)
def test_an_operator_that_does_not_apply_leaves_the_genome(name, genome):
    assert mutate_genome(genome, name, np.random.default_rng(0)) == genome


def test_a_child_depends_on_its_own_draws_only():
    population = Population.of(grown_genomes(30, num_steps=20))
    operators, uniforms = draw_operators(np.random.default_rng(0), 30, MutationConfig().model_dump(), 0.5)
    palette = palette_of(list(ELEMENTWISE))
    together = mutate(population, operators, uniforms, palette)
    for index in (0, 11, 29):
        only = slice(index, index + 1)
        alone = mutate(population.take([index]), operators[only], uniforms[only], palette)
        assert alone[0] == together[index]


def test_operators_are_drawn_with_their_probabilities():
    probabilities = MutationConfig(add_connection=0.1, insert_node=0.2, enable=0, change_activation=0.3, rewire=0.4)
    operators, _ = draw_operators(np.random.default_rng(0), 20_000, probabilities.model_dump(), 0.3)
    shares = np.bincount(operators[:, 0], minlength=6) / 20_000
    np.testing.assert_allclose(shares, [0.1, 0.2, 0, 0.3, 0, 0.4], atol=0.015)
    assert abs((operators[:, 1] >= 0).mean() - 0.3) < 0.015


def test_every_documented_probability_is_of_an_operator():
    assert MutationConfig.model_fields.keys() <= OPERATORS.keys()


def test_new_activations_come_from_the_palette():
    rng = np.random.default_rng(0)
    parents = Population.of([grown_genome(rng)]).take(np.zeros(200, int))
    palette = palette_of(["sin", "relu"])
    operators = np.full((200, 1), code_of("insert_node"), np.int8)
    children = mutate(parents, operators, rng.random((200, 1, 2)), palette)
    assert {int(child.activations[-1]) for child in children} == set(palette.tolist())


@settings(max_examples=60, deadline=None)
@given(genomes())
def test_pruning_removes_exactly_the_dead_hidden_nodes_and_changes_no_program(genome):
    pruned = prune(Population.of([genome]))[0]
    validate_genome(pruned)
    before, after = compile_genome(genome), compile_genome(pruned)
    assert after.structural_hash == before.structural_hash
    assert pruned.num_hidden == before.num_hidden
    fixed = range(genome.num_fixed)
    kept = {pair: on for pair, on in genes(genome).items() if pair[0] in fixed and pair[1] in fixed}
    assert kept.items() <= genes(pruned).items()


def test_pruning_keeps_a_disabled_gene_between_live_nodes():
    genome = make_genome(1, 1, [1, 1, 1, 3, 5], [1, 3, 1, 1, 4], [3, 2, 2, 4, 3], [True, True, False, True, False])
    pruned = prune(Population.of([genome]))[0]
    assert genes(pruned) == {(1, 3): True, (3, 2): True, (1, 2): False}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_add_no_more_than_they_say(name):
    """The same code in pure Python, on arrays with exactly the room that is said: one entry more is an IndexError."""
    operator = import_module(OPERATORS[name]).OPERATOR
    palette, rng = palette_of(list(ELEMENTWISE)), np.random.default_rng(0)
    for parent in grown_genomes(10, num_steps=20):
        nodes, genes_ = np.zeros(operator.added_nodes, int), np.zeros(operator.added_genes, int)
        child = (np.r_[parent.activations, nodes], *(np.r_[a, genes_] for a in (parent.sources, parent.targets)))
        child = (*child, np.r_[parent.enabled, genes_.astype(bool)])
        child = (*child, np.r_[parent.delays, genes_], np.r_[parent.plastic, genes_.astype(bool)])
        groups = np.full(parent.num_fixed, -1)
        size, shape = (parent.num_nodes, len(parent.sources)), (parent.num_inputs, parent.num_outputs, groups)
        grown = operator.kernel.py_func(child, size, shape, palette, *rng.random(2))
        assert grown[0] - size[0] <= operator.added_nodes and grown[1] - size[1] <= operator.added_genes


GREEDY = """
from evolution.mutation.operators.operator import Operator
from wann.kernels.jit import jit

@jit
def greedy(child, size, shape, palette, u, v):
    for extra in range(5):
        child[0][size[0] + extra] = 1
    return size[0] + 5, size[1]

OPERATOR = Operator(greedy, added_nodes=1)
"""
SCRIPT = """
import numpy as np
from evolution.mutation.apply import mutate, palette_of
from evolution.mutation.registry import OF_MEMORY, OPERATORS, check_probabilities, code_of
OPERATORS["greedy"] = "greedy_operator"
from wann.genome import minimal_genome
from wann.population import Population
parents = Population.of([minimal_genome(2, 1)] * 3)
try:
    mutate(parents, np.full((3, 1), code_of("greedy"), np.int8), np.zeros((3, 1, 2)), palette_of(["tanh"]))
except ValueError as error:
    print(error)
"""


@pytest.mark.slow
def test_an_operator_that_adds_more_than_it_says_is_stopped(tmp_path):
    """In a process of its own: operators are entered before the first mutation."""
    (tmp_path / "greedy_operator.py").write_text(GREEDY)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.stdout.strip() == "expected operators that add at most what their Operator says, found more", (
        done.stderr
    )


def test_probabilities_are_of_operators_and_sum_to_1():
    with pytest.raises(UserError, match=r"search.mutation.rewir: expected an operator, found 'rewir' \(did you mean"):
        check_probabilities({"rewir": 1.0})
    with pytest.raises(UserError, match=r"search\.mutation: expected probabilities that sum to 1, found 0.9 "):
        check_probabilities({"rewire": 0.9})
