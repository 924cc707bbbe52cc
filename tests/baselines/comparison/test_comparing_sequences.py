"""The command on champions of sequence tasks: rows, lengths, models of equal size, stopping, and the files."""

from __future__ import annotations

import csv
import json
import signal
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("cmaes")
pytest.importorskip("matplotlib")

import compare_baselines
from baselines.comparison import sequence_figure
from baselines.comparison.cells import Cell, Table
from baselines.comparison.length_reports import LengthReport, answers_of_network
from baselines.comparison.seed_ledger import SeedLedger
from baselines.comparison.sequence_tasks import _answers_of_model
from baselines.models.sequences.recurrent_topology import RecurrentTopology
from baselines.sequence_file import load_sequence_model
from baselines.sequence_options import shape_of
from baselines.training.on_sequences import SequenceTrainer, train_on_sequences
from envs.sequences import make_problem
from places import ROOT
from wann.champion import load_champion
from wann.network import compile_genome

# Searching for weights and training take some seconds; test_sequence_plans.py has the quick tests.
pytestmark = pytest.mark.slow

COUNTING = ROOT / "docs" / "champions" / "memory" / "counting.json"
SHORT = [f"training.{key}={value}" for key, value in (("every", 2), ("batch", 8), ("validation", 8))]
ARGUMENTS = [
    *(str(COUNTING), "--episodes", "3", "--steps", "1000", "--updates", "4", "--parameters", "100"),
    *("--baselines", "champion,rnn", *(word for text in SHORT for word in ("--set", text))),
]
PROBLEM = make_problem("counting", shortest=32, longest=32)  # of the champion's last stage
LENGTHS = [32, 64, 128, 256]


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    out = tmp_path_factory.mktemp("sequences") / "out"
    assert compare_baselines.main([*ARGUMENTS, "--out", str(out)]) == 0
    return out


def rows(out: Path) -> dict[str, dict]:
    (table,) = json.loads((out / "comparison.json").read_text())["tables"]
    return {row["setting"]: row for row in table["rows"]}


def test_rows_have_answers_by_length_and_costs(compared):
    found = rows(compared)
    assert list(found) == ["random_individual", "random_shared", "best_shared", "tuned", "gradients", "rnn"]
    assert all(row["complete"] and row["n"] == 2 * 3 for row in found.values())  # two judging lengths
    for row in found.values():
        facts = row["facts"]["lengths"]
        assert [one["length"] for one in facts] == LENGTHS and row["facts"]["memory_numbers"] > 0
        judged = [values.mean() for values in np.split(np.array(row["values"]), 2)]
        ones = [one for one in facts if one["length"] in PROBLEM.judging_lengths]
        assert [one["exact"] == 100 for one in ones] == [mean == 100 for mean in judged]
    assert found["best_shared"]["mean"] > 95 > found["random_individual"]["mean"]
    assert found["gradients"]["facts"]["parameters"] == 12 and abs(found["rnn"]["facts"]["parameters"] - 100) < 12
    assert [point["update"] for point in found["rnn"]["facts"]["learning"]] == [2, 4]


def test_files_have_the_same_figures(compared):
    assert {path.name for path in compared.iterdir()} >= {
        *("comparison.md", "comparison.png", "sequences.png", "sequences.svg", "lengths.csv", "learning.csv"),
        *("tuned_counting.json", "trained_counting.json", "models"),
    }
    found = {
        (setting, one["length"]): one["accuracy"]
        for setting, row in rows(compared).items()
        for one in row["facts"]["lengths"]
    }
    with open(compared / "lengths.csv") as file:
        assert {
            (line["setting"], int(line["length"])): float(line["accuracy"]) for line in csv.DictReader(file)
        } == found
    with open(compared / "learning.csv") as file:
        assert [(line["setting"], line["episodes"]) for line in csv.DictReader(file)] == [
            (setting, episodes) for setting in ("gradients", "rnn") for episodes in ("16", "32")
        ]
    assert f"{found['rnn', 256]:.1f} (" in (compared / "comparison.md").read_text()


@pytest.mark.parametrize(("name", "setting"), [("tuned", "tuned"), ("trained", "gradients")])
def test_tuned_networks_are_champion_files_that_do_what_the_table_says(compared, name, setting):
    champion = load_champion(compared / f"{name}_counting.json")
    answer = answers_of_network(compile_genome(champion.genome), np.array([champion.individual_weights]))
    values, facts = LengthReport(PROBLEM, 0, 3, SeedLedger())(answer)
    row = rows(compared)[setting]
    assert values.tolist() == row["values"] and facts["lengths"] == row["facts"]["lengths"]


def test_models_are_files_that_do_what_the_table_says(compared):
    model, problem, provenance = load_sequence_model(compared / "models" / "counting.rnn" / "model.safetensors")
    assert problem == PROBLEM and "--set task.shortest=32" in provenance["command"]
    values, _ = LengthReport(problem, 0, 3, SeedLedger())(_answers_of_model(model))
    assert values.tolist() == rows(compared)["rnn"]["values"]


def test_it_goes_on_to_the_same_results(compared, tmp_path, monkeypatch, capsys):
    """Stopped at the first validation of the first training, then resumed."""
    from baselines import sequence_file

    out, save = tmp_path / "out", sequence_file.save_state

    def save_and_stop(*state):
        save(*state)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(sequence_file, "save_state", save_and_stop)
        assert compare_baselines.main([*ARGUMENTS, "--out", str(out)]) == 130
    assert "Partial: go on by the same command with --resume" in capsys.readouterr().out
    partial = rows(out)["gradients"]
    assert partial["facts"]["updates"] == 2 and not partial["complete"] and not partial["values"]
    assert compare_baselines.main([*ARGUMENTS, "--out", str(out), "--resume"]) == 0
    assert _timeless(rows(out)) == _timeless(rows(compared))
    one, other = (path / "models" / "counting.rnn" / "model.safetensors" for path in (out, compared))
    assert load_sequence_model(one)[2]["test"] == load_sequence_model(other)[2]["test"]


def _timeless(found: dict[str, dict]) -> str:
    def kept(value):
        if isinstance(value, dict):
            return {key: kept(inner) for key, inner in value.items() if key != "cpu_seconds"}
        return [kept(inner) for inner in value] if isinstance(value, list) else value

    return json.dumps(kept(found))


def test_a_topology_learns_through_time():
    """From random weights, which answer few, on four pairs."""
    champion = load_champion(COUNTING.with_name("associative_4x4.json"))
    problem, network = make_problem("associative_retrieval", longest=4, shortest=4), compile_genome(champion.genome)
    start = np.random.Generator(np.random.Philox(0)).uniform(-2, 2, champion.genome.num_enabled)
    import torch

    example = torch.from_numpy(problem.draw("train", 0, 64).inputs)
    model = RecurrentTopology(shape_of(problem), network, start, example)
    assert float(model(example).detach().std()) == pytest.approx(1, rel=1e-3)
    episodes = problem.draw("test", 1, 200, 4)
    assert answers_of_network(network, start[None])(episodes, 0).mean() < 0.5
    trainer = SequenceTrainer(updates=60, batch=64, every=20, validation=64, learning_rate=0.1)
    train_on_sequences(model, problem, trainer, 0)
    after = model.individual_weights(start)
    assert answers_of_network(network, after[None])(episodes, 0).mean() > 0.95
    assert (after[network.connection_ids] != start[network.connection_ids]).all()


def test_lines_of_a_figure_can_be_told_apart():
    settings = ["own", "random_individual", "random_shared", "best_shared", "tuned", "gradients"]
    champions = [Cell(name, setting, setting, np.ones(1)) for name in ("a", "b") for setting in settings]
    models = [Cell(name, name, "trained weights", np.ones(1)) for name in ("rnn", "lstm", "ntm")]
    looks = sequence_figure._looks(Table("parity", {}, {}, [*champions, *models]))
    assert len({str(sorted(look.items())) for look in looks.values()}) == len(champions) + len(models)
    assert sequence_figure._ticks([0, 20, 21, 40, 60]) == [0, 20, 40, 60]
