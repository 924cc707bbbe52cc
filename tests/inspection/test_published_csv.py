"""Files of the published research code: written here in its format from our champions, and imported again."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configs.schema import PUBLISHED_WEIGHTS as WEIGHTS
from envs.registry import make_task, task_of_champion
from genomes import graph_of
from inspection.published_csv import import_published
from networks import random_genome
from wann.activations import ACTIVATION_OF_CODE, ACTIVATIONS
from wann.champion import format_champion, load_champion, parse_champion
from wann.errors import UserError
from wann.genome import Genome
from wann.network import Networks, compile_genome
from wann.oracle import forward

EXACT, AS_PUBLISHED = "%.17e", "%1.2e"
CHAMPIONS = Path("docs/champions")


def published_text(genome: Genome, weights: np.ndarray, number: str = EXACT, hidden: list[int] | None = None) -> str:
    """The genome as the published code writes it: bias, inputs, hidden nodes (sorted, or as given), outputs."""
    first, fixed = 1 + genome.num_inputs, genome.num_fixed
    if hidden is None:
        hidden = [node for node in nx.lexicographical_topological_sort(graph_of(genome)) if node >= fixed]
    order = [*range(first), *hidden, *range(first, fixed)]
    place = np.argsort(order)
    matrix = np.zeros((genome.num_nodes, genome.num_nodes))
    values = np.full(len(genome.enabled), np.nan)
    values[genome.enabled] = weights
    matrix[place[genome.sources], place[genome.targets]] = values
    text = io.StringIO()
    np.savetxt(text, np.c_[matrix, genome.activations[order]], delimiter=",", fmt=number)
    return text.getvalue()


def published_outputs(text: str, inputs: np.ndarray, num_outputs: int) -> np.ndarray:
    """[B, O] as the published code computes a file: node by node in the file's order."""
    table = np.loadtxt(io.StringIO(text), delimiter=",", ndmin=2)
    weights, codes = np.nan_to_num(table[:, :-1]), table[:, -1].astype(int)
    values = np.zeros((len(inputs), len(table)))
    values[:, 0], values[:, 1 : 1 + inputs.shape[1]] = 1, inputs
    for node in range(1 + inputs.shape[1], len(table)):
        values[:, node] = ACTIVATION_OF_CODE[codes[node]].function(values @ weights[:, node])
    return values[:, -num_outputs:]


def swingup() -> tuple[Genome, np.ndarray]:
    """A champion's genome, and weights of its own for it that still swing the pole up."""
    champion = load_champion(CHAMPIONS / "swingup_one_weight.json")
    rng = np.random.default_rng(3)
    return champion.genome, 1.74 + 0.01 * rng.normal(size=champion.genome.num_enabled)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# --- what is imported behaves as what was written ---


def test_a_tuned_champion_has_its_returns_again(tmp_path):
    genome, weights = swingup()
    task, seeds = make_task("cartpole_swingup", {}), np.arange(50)
    expected = task.evaluate(Networks.of([compile_genome(genome)]), [weights[None]], seeds).values
    assert expected.mean() > 800 and expected.std() > 0
    champion = import_published(
        write(tmp_path / "swing.out", published_text(genome, weights)), "cartpole_swingup", True
    )
    own = [np.array([champion.individual_weights])]
    found = task.evaluate(Networks.of([compile_genome(champion.genome)]), own, seeds)
    np.testing.assert_array_equal(found.values, expected)
    other = task.evaluate(Networks.of([compile_genome(champion.genome)]), [own[0][:, ::-1]], seeds)
    assert (other.values != expected).all(), "weights at other connections are told apart"


def test_without_its_weights_it_is_a_shared_weight_champion(tmp_path):
    genome, weights = swingup()
    path = write(tmp_path / "swing.out", published_text(genome, weights, AS_PUBLISHED))
    champion = import_published(path, "cartpole_swingup", keep_weights=False)
    assert champion.individual_weights is None and champion.weights == WEIGHTS
    task, seeds, shared = make_task("cartpole_swingup", {}), np.arange(20), np.array([-1.0, 0.5, 1.9])
    networks = [Networks.of([compile_genome(each)]) for each in (genome, champion.genome)]
    expected, found = (task.evaluate(each, shared, seeds).values for each in networks)
    np.testing.assert_array_equal(found, expected)
    assert found[0, 2].mean() > 900


def test_three_digits_are_what_the_published_code_keeps(tmp_path):
    genome, weights = swingup()
    path = write(tmp_path / "swing.out", published_text(genome, weights, AS_PUBLISHED))
    found = np.array(import_published(path, "cartpole_swingup", keep_weights=True).individual_weights)
    np.testing.assert_allclose(np.sort(found), np.sort(weights), atol=0.0051)
    assert (found == np.round(found, 2)).all()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_any_network_computes_what_the_published_code_does(tmp_path, seed):
    rng = np.random.default_rng(seed)
    genome = random_genome(5, 1, rng, max_hidden=10)
    weights = rng.normal(size=genome.num_enabled)
    inputs = rng.normal(size=(20, 5))
    text = published_text(genome, weights)
    champion = import_published(write(tmp_path / "net.out", text), "cartpole_swingup", keep_weights=True)
    network = compile_genome(champion.genome)
    assert network.structural_hash == compile_genome(genome).structural_hash
    assert np.count_nonzero(~champion.genome.enabled) == np.count_nonzero(~genome.enabled)
    found = forward(network, [champion.individual_weights], inputs)[0]
    np.testing.assert_allclose(found, forward(compile_genome(genome), [weights], inputs)[0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found, published_outputs(text, inputs, 1), rtol=1e-9, atol=1e-9)
    # Hidden nodes in any order, sources after what they feed as well.
    hidden = (genome.num_fixed + rng.permutation(genome.num_hidden)).tolist()
    path = write(tmp_path / "net.out", published_text(genome, weights, hidden=hidden))
    champion = import_published(path, "cartpole_swingup", keep_weights=True)
    found_again = forward(compile_genome(champion.genome), [champion.individual_weights], inputs)[0]
    np.testing.assert_allclose(found_again, found, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["walker_one_weight", "racer_one_weight"])
def test_tasks_of_several_outputs(tmp_path, name):
    champion = load_champion(CHAMPIONS / f"{name}.json")
    weights = np.random.default_rng(0).normal(size=champion.genome.num_enabled)
    path = write(tmp_path / "net.out", published_text(champion.genome, weights))
    found = import_published(path, champion.task, True, champion.task_options)
    inputs = np.random.default_rng(1).normal(size=(50, champion.genome.num_inputs))
    expected = forward(compile_genome(champion.genome), [weights], inputs)
    np.testing.assert_allclose(
        forward(compile_genome(found.genome), [found.individual_weights], inputs), expected, rtol=1e-9, atol=1e-9
    )
    assert found.input_names == champion.input_names and found.output_names == champion.output_names
    assert task_of_champion(found) == make_task(champion.task, champion.task_options)


def test_outputs_keep_their_activations_and_inputs_have_none(tmp_path):
    rows = np.zeros((8, 9))
    rows[:, -1] = [3, 4, 5, 6, 99, 0, 10, 7]  # cos in the hidden node, inverse in the output
    rows[1, 6], rows[2, 6], rows[6, 7] = 0.5, -1, 2
    path = tmp_path / "net.out"
    np.savetxt(path, rows, delimiter=",", fmt=AS_PUBLISHED)
    champion = import_published(path, "cartpole_swingup", keep_weights=True)
    assert [ACTIVATION_OF_CODE[code].name for code in champion.genome.activations.tolist()] == [
        *["linear"] * 6,
        "inverse",
        "cos",
    ]
    found = forward(compile_genome(champion.genome), [champion.individual_weights], [[0.3, 0.1, 0, 0, 0]])
    assert found.item() == pytest.approx(-2 * np.cos(np.pi * 0.05))


def test_the_champion_says_where_it_comes_from(tmp_path):
    genome, weights = swingup()
    text = published_text(genome, weights, AS_PUBLISHED)
    path = write(tmp_path / "swing.out", text)
    champion = import_published(path, "cartpole_swingup", keep_weights=True, task_options={"hard": True})
    assert (champion.seed, champion.generation, champion.returns, champion.weights) == (0, 0, {}, ())
    assert champion.config["imported"] == {
        "format": "published CSV",
        "file": "swing.out",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "weights": "kept",
    }
    again = parse_champion(format_champion(champion))
    assert dataclasses.replace(again, genome=champion.genome) == champion and again.genome == champion.genome
    assert task_of_champion(again) == make_task("cartpole_swingup", {"hard": True})


def test_what_people_do_to_files(tmp_path):
    """Windows line ends, a mark of the byte order, comments, empty lines at the end, spaces after commas."""
    genome, weights = swingup()
    text = published_text(genome, weights, AS_PUBLISHED)
    expected = import_published(write(tmp_path / "a.out", text), "cartpole_swingup", True)
    changed = "\ufeff# champion\r\n" + text.replace("\n", "\r\n").replace(",", ", ") + "\r\n\r\n"
    (tmp_path / "b.out").write_bytes(changed.encode("utf-8"))
    found = import_published(tmp_path / "b.out", "cartpole_swingup", True)
    assert found.genome == expected.genome and found.individual_weights == expected.individual_weights
    plain = import_published(write(tmp_path / "c.out", text.replace("0.00e+00", "0.000000")), "cartpole_swingup", True)
    assert plain.genome == expected.genome


def test_a_file_without_connections(tmp_path):
    rows = np.c_[np.zeros((7, 7)), np.ones(7)]
    np.savetxt(tmp_path / "net.out", rows, delimiter=",", fmt=AS_PUBLISHED)
    champion = import_published(tmp_path / "net.out", "cartpole_swingup", keep_weights=True)
    assert champion.genome.num_enabled == 0 and champion.individual_weights is None


# --- mistakes ---


def cells() -> list[list[str]]:
    """Five inputs, two hidden nodes (rows 7 and 8), one output (row 9)."""
    rows = [["0.00e+00"] * 9 + ["1.00e+00"] for _ in range(9)]
    rows[1][6] = rows[6][7] = rows[7][8] = "1.00e+00"
    return rows


def changed(row: int, column: int, cell: str) -> list[list[str]]:
    rows = cells()
    rows[row - 1][column - 1] = cell
    return rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (changed(3, 7, "one"), "row 3, column 7: expected a number or nan, found 'one'"),
        (changed(3, 7, ""), "row 3, column 7: expected a number or nan, found ''"),
        (changed(3, 7, "inf"), "row 3, column 7: expected a number or nan, found 'inf'"),
        (changed(3, 7, "1e999"), "row 3, column 7: expected a number or nan, found '1e999'"),
        (changed(3, 7, "1_0"), "row 3, column 7: expected a number or nan, found '1_0'"),
        (changed(3, 7, "x" * 999), r"found 'xxxx+\.\.\.'"),
        (changed(7, 10, "11"), "row 7, column 10: expected the number of an activation, 1 to 10, found 11"),
        (changed(9, 10, "0"), "row 9, column 10: expected the number of an activation, 1 to 10, found 0"),
        (changed(9, 10, "1.5"), "row 9, column 10: expected the number of an activation, 1 to 10, found 1.5"),
        (changed(9, 10, "nan"), "row 9, column 10: expected the number of an activation, 1 to 10, found nan"),
        (changed(7, 1, "1"), r"row 7, column 1: expected 0, as nothing enters the bias \(task: 5 inputs\), found 1"),
        (
            changed(1, 3, "nan"),
            r"row 1, column 3: expected 0, as nothing enters an input \(task: 5 inputs\), found nan",
        ),
        (changed(9, 7, "2"), r"row 9, column 7: expected 0, as nothing leaves an output \(task: 1 outputs\), found 2"),
        (changed(9, 9, "2"), "row 9, column 9: expected 0, as nothing leaves an output"),
        (changed(7, 7, "2"), "row 7, column 7: expected a feed-forward network, found a cycle through rows 7 -> 7"),
        (
            changed(8, 7, "2"),
            r"row (7, column 8|8, column 7): expected .*a cycle through rows (7 -> 8 -> 7|8 -> 7 -> 8)",
        ),
        (changed(8, 7, "nan"), "expected a feed-forward network, found a cycle"),
        (cells()[:6], r"expected at least 7 rows \(the bias, 5 inputs and 1 outputs\), found 6"),
        ([], r"expected at least 7 rows \(the bias, 5 inputs and 1 outputs\), found 0"),
        (cells()[:-1], r"row 1: expected 9 columns \(8 weights, as there are rows, and an activation\), found 10"),
        ([*cells()[:4], cells()[4][:-1], *cells()[5:]], "row 5: expected 10 columns .*, found 9"),
        ([["{}"]], "expected at least 7 rows"),
    ],
)
def test_a_file_that_breaks_the_format(tmp_path, rows, message):
    path = write(tmp_path / "net.out", "\n".join(",".join(row) for row in rows))
    import_published(
        write(tmp_path / "good.out", "\n".join(",".join(row) for row in cells())), "cartpole_swingup", True
    )
    with pytest.raises(UserError, match=message) as caught:
        import_published(path, "cartpole_swingup", keep_weights=True)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_a_cycle_is_named_and_not_what_hangs_on_it(tmp_path):
    rows = np.c_[np.zeros((13, 13)), np.full(13, ACTIVATIONS["tanh"].code)]
    for source, target in [(6, 7), (7, 8), (8, 9), (9, 7), (9, 10), (10, 11), (11, 12), (1, 6)]:
        rows[source, target] = 1
    np.savetxt(tmp_path / "net.out", rows, delimiter=",", fmt=AS_PUBLISHED)
    with pytest.raises(UserError, match="a cycle through rows") as caught:
        import_published(tmp_path / "net.out", "cartpole_swingup", keep_weights=True)
    around = [int(row) for row in str(caught.value).rsplit("rows ", 1)[1].split(" -> ")]
    assert set(around) == {8, 9, 10} and around[0] == around[-1]
    assert all(rows[source - 1, target - 1] for source, target in itertools.pairwise(around))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.out: expected a CSV file, found none"):
        import_published(tmp_path / "nowhere.out", "cartpole_swingup", True)
    with pytest.raises(UserError, match="expected a CSV file, found a directory"):
        import_published(tmp_path, "cartpole_swingup", True)
    (tmp_path / "net.out").write_bytes(b"\x80\x04\x95")
    with pytest.raises(UserError, match="expected text in UTF-8, found byte 0x80"):
        import_published(tmp_path / "net.out", "cartpole_swingup", True)
    with pytest.raises(UserError, match="expected a task, found 'cartpole_swingin'"):
        import_published(tmp_path / "net.out", "cartpole_swingin", True)
