"""The recipes behind the tables of sequence models can all be trained, and their results become rows."""

import json
import re
import runpy
import sys

import pytest

pytest.importorskip("torch")

from baselines.sequence_options import SequenceOptions, plan_of
from baselines.train_sequences import new_model
from benchmarks import sequence_comparisons, sequence_results, sequence_trainings
from benchmarks.sequence_trainings import RECIPES
from wann.errors import UserError


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_makes_a_model(name):
    recipe = RECIPES[name]
    settings = tuple(f"{key}={value}" for key, value in recipe.settings.items())
    plan = plan_of(SequenceOptions(recipe.baseline, recipe.task, "", settings, seed=2, updates=recipe.updates))
    assert plan.trainer.updates == recipe.updates and new_model(plan).num_parameters > 1000
    words = recipe.command(2)
    assert words[:4] == ["--baseline", recipe.baseline, "--task", recipe.task] and words.count("--set") == len(settings)


def test_the_models_of_ba_et_al_have_their_sizes():
    sizes = {"fast_weights_20": 9_310, "fast_weights_50": 17_560, "lstm_20": 16_570, "irnn_50": 17_360}
    for name, size in sizes.items():
        recipe = RECIPES[name]
        settings = tuple(f"{key}={value}" for key, value in recipe.settings.items())
        assert new_model(plan_of(SequenceOptions(recipe.baseline, recipe.task, "", settings))).num_parameters == size


def test_what_is_finished_is_left_alone_and_what_was_stopped_goes_on(tmp_path):
    for name, file in (("ntm_copy-0", "results.json"), ("ntm_copy-1", "training.safetensors")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
    found = {directory.name: words for directory, words in sequence_trainings._open(tmp_path, ["ntm_copy"])}
    assert list(found) == ["ntm_copy-1", "ntm_copy-2"]
    assert "--resume" in found["ntm_copy-1"] and "--resume" not in found["ntm_copy-2"]


def test_an_unknown_recipe_is_one_sentence():
    with pytest.raises(UserError, match=r"expected a recipe, found 'ntm_cpoy' \(did you mean 'ntm_copy'\?\)"):
        sequence_trainings.main(["runs", "ntm_cpoy"])


def test_results_become_rows(tmp_path, capsys):
    judged = {"exact": 99.5, "wrong_per_sequence": 0.25, "cross_entropy": 0.5}
    found = {"seed": 1, "parameters": 13_280, "memory_numbers": 2836, "updates": 800, "cpu_seconds": 41.2}
    for task, figures in (("copy_vectors", {}), ("characters", {"ponder_steps": 2.5})):
        results = found | {"task": task, "figures": figures, "test": {"40 vectors": judged}}
        (tmp_path / task).mkdir()
        (tmp_path / task / "results.json").write_text(json.dumps(results))
    assert sequence_results.main([str(tmp_path / "copy_vectors"), str(tmp_path / "characters")]) == 0
    *_, one, other = capsys.readouterr().out.splitlines()
    assert one == "| `copy_vectors` | copy_vectors | 1 | 40 vectors 99.50 %, 0.25 wrong | 13,280 | 2,836 | 800 | 41 |"
    assert "40 vectors 0.721 bits a character, ponder steps 2.5 |" in other


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (None, "results.json: expected the results of a model, found [Errno 2]"),
        ("{", "results.json: expected the results of a model, found Expecting property name"),
        ('{"accuracy": 97.0}', "results.json: expected the results of a model of sequences, found others"),
    ],
)
def test_a_directory_without_results_is_one_sentence(tmp_path, written, sentence):
    if written is not None:
        (tmp_path / "results.json").write_text(written)
    with pytest.raises(UserError, match=re.escape(sentence)):
        sequence_results.main([str(tmp_path)])


def compared(directory, right: float = 50.0, network: str = "lstm", lengths=(32, 64), tables: int = 1):
    """A directory with a comparison."""
    judged = [{"length": length, "accuracy": right if length == 32 else 99.9} for length in lengths]
    facts = {"lengths": judged, "parameters": 16_898, "memory_numbers": 128, "cpu_seconds": right / 10}
    rows = [{"network": network, "about": "trained weights", "facts": facts}, {"network": "ntm", "facts": {}}]
    directory.mkdir()
    (directory / "comparison.json").write_text(json.dumps({"tables": [{"rows": rows}] * tables}))
    return str(directory)


def test_comparisons_of_several_seeds_become_one_table(tmp_path, capsys):
    given = [compared(tmp_path / str(right), right) for right in (50.0, 100.0, 60.2)]
    assert sequence_comparisons.main(given) == 0
    head, _, row = capsys.readouterr().out.splitlines()
    assert head == "| network | weights | 32 | 64 | trained numbers | numbers carried | CPU s |"
    assert row == "| `lstm` | trained weights | 70 (50 to 100) | 100 | 16,898 | 128 | 6 |"


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"network": "rnn"}, "expected a comparison with networks and lengths of"),
        ({"lengths": (32,)}, "expected a comparison with networks and lengths of"),
        ({"lengths": (32, 65)}, "expected a comparison with networks and lengths of"),
        ({"tables": 2}, "expected a comparison on one sequence task, found one on 2 tasks"),
        ({"tables": 0}, "expected a comparison on one sequence task, found another one"),
    ],
)
def test_comparisons_that_do_not_belong_together_are_refused(tmp_path, other, sentence):
    with pytest.raises(UserError, match=sentence):
        sequence_comparisons.main([compared(tmp_path / "one"), compared(tmp_path / "other", **other)])


@pytest.mark.parametrize(
    "name",
    ["baseline_results", "mnist_results", "memory_results", "results", "sequence_results", "sequence_comparisons"],
)
def test_tables_of_what_is_not_there_are_one_sentence(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", str(tmp_path / "nowhere")])
    monkeypatch.delitem(sys.modules, f"benchmarks.{name}", raising=False)
    with pytest.raises(SystemExit, match="2"):
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
    error = capsys.readouterr().err
    assert error.startswith(f"benchmarks.{name}: ") and "nowhere" in error and error.count("\n") == 1
