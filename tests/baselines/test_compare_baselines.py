"""The command: its mistakes in one sentence, and a run from words to files."""

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import compare_baselines
from baselines.training_options import TrainingOptions, make_ready
from places import ROOT
from trained import digits_champion

SWINGUP = "docs/champions/swingup_published.json"
COUNTING = "docs/champions/memory/counting.json"
CLASSIFIER = "docs/champions/mnist_equal_paths.json"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--baseline linaer", "--baseline: expected a known one, found 'linaer' (did you mean 'linear'?)"),
        ("--baseline linear --dataset mnits", "or an .npz file, found 'mnits' (did you mean 'mnist'?)"),
        ("--baseline linear --inputs 8x8", "--inputs: expected '16x16 deskewed' or '28x28' for --baseline linear"),
        ("--baseline cnn --dataset digits", "expected one of 28x28 pixels for --baseline cnn, found 'digits'"),
        ("--baseline coordinate_hypernetwork --dataset digits", "expected one of 28x28 pixels"),
        ("--baseline hypernetwork --inputs 16x16", "--inputs: expected '28x28' for --baseline hypernetwork"),
        ("--baseline linear --epochs 0", "--epochs: expected at least 1, found 0"),
        ("--baseline linear --seed -1", "--seed: expected at least 0 and less than 2**63, found -1"),
        ("--baseline linear --device gpu", "--device: expected one of auto, cpu, cuda, found 'gpu'"),
        ("--baseline champion", "expected a champion file by --champion, found none"),
        ("--baseline champion_cma_es", "expected a champion file by --champion, found none"),
        ("--baseline linear --champion absent.json", "expected --baseline champion or champion_cma_es with it"),
        (f"--baseline champion_cma_es --device cuda --champion {CLASSIFIER}", "--device: expected auto or cpu for"),
        ("--baseline champion --champion absent.json", "absent.json: expected a champion file, found none"),
        (f"--baseline champion --champion {SWINGUP}", "expected one of classification, found one of cartpole"),
        (f"--baseline champion --dataset digits --champion {CLASSIFIER}", "expected one of --dataset 'digits'"),
        (f"--baseline champion --inputs 28x28 --champion {CLASSIFIER}", "expected one of --inputs '28x28'"),
        (
            "--baseline gates --set training.conections=1",
            "a setting of the training of gates, found no such one (did you",
        ),
        ("--baseline gates --set training.connections=0", "training.connections: expected at least 1, found 0"),
        ("--baseline gates --set training.average=1", "training.average: expected at least 0 and less than 1, found 1"),
        ("--baseline gates --set training.falling=3", "training.falling: expected at most 1, found 3"),
        (
            "--baseline equal_path_gates --set training.noise=0.5",
            "the training of equal_path_gates, found no such",
        ),
        ("--baseline lstm --task parity --set training.average=1", "training.average: expected at least 0 and less"),
        ("--baseline lstm --task parity --set training.average=.nan", "training.average: expected a finite number"),
        ("--baseline linear --set training.batch=0", "training.batch: expected at least 1, found 0"),
        (
            "--baseline linear --set epochs=3",
            "--set: expected NAME=VALUE with a NAME that begins with training., found",
        ),
        ("--baseline linear --epoch 3", "did you mean '--epochs'?"),
        ("", "expected champions to compare or --baseline NAME to train, found neither"),
        ("--baseline linear --episodes 5", "--episodes: expected no such option with --baseline, found one"),
        (f"{SWINGUP} --epochs 3", "--epochs: expected no such option with champions to compare, found one"),
        (f"{SWINGUP} --set training.batch=3", "--set: expected a champion of a sequence task with it, found none"),
        (f"{SWINGUP} --parameters 30", "--parameters: expected a champion of a sequence task with it, found none"),
        (f"{SWINGUP} --baselines lstm", "expected a champion of classification or of a sequence task with it, found"),
        (f"{COUNTING} --baselines lsmt", "--baselines: expected known ones, found 'lsmt' (did you mean 'lstm'?)"),
        (f"{COUNTING} --baselines lstm,lstm", "--baselines: expected each once, found 'lstm' twice"),
        (f"{COUNTING} --baselines attention", "--task counting: expected a problem that asks a question by an input"),
        (f"{COUNTING} --updates 0", "--updates: expected a whole number from 1 to 1000000000, found 0"),
        (f"{COUNTING} --set training.bacth=3", "--set training.bacth: expected a setting of training, found no such"),
        ("--baseline linear --parameters 30", "--parameters: expected no such option with --baseline, found one"),
        (f"{SWINGUP} --baseline linear", "expected champions to compare or --baseline NAME to train, found both"),
        (f"{SWINGUP} --task parity", "--task: expected no such option with champions to compare, found one"),
        ("--task parity", "expected champions to compare or --baseline NAME to train, found neither"),
        ("--baseline lstm", "--baseline: expected a known one with images, or --task NAME with it, found 'lstm'"),
        ("--baseline linear --task parity", "expected a model of sequences with --task (rnn, irnn, lstm,"),
        ("--baseline lstm --task parity --epochs 3", "--epochs: expected no such option with --task, found one"),
        ("--baseline linear --set model.hidden=3", "--set: expected NAME=VALUE with a NAME that begins with training."),
        ("--baseline lstm --task parity --updates 0", "--updates: expected at least 1, found 0"),
        ("--baseline lstm --task parity --seed -1", "--seed: expected at least 0 and less than 2**31, found -1"),
        ("--baseline attention --task parity", "--task parity: expected a problem that asks a question by an input"),
        ("--baseline lstm --task parity --resume", "training.safetensors: expected a model file, found none"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, capsys, monkeypatch, options, message):
    monkeypatch.chdir(ROOT)
    assert compare_baselines.main([*shlex.split(options), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_directory_in_use_is_refused(tmp_path, capsys):
    (tmp_path / "kept").write_text("mine")
    options = ["--baseline", "linear", "--dataset", "digits", "--out"]
    assert compare_baselines.main([*options, str(tmp_path)]) == 2
    assert "expected a new or empty directory, found files in it" in capsys.readouterr().err
    assert compare_baselines.main([*options, str(tmp_path / "kept")]) == 2
    assert "expected a directory that can be made" in capsys.readouterr().err


@pytest.mark.parametrize(("package", "baseline"), [("torch", "linear"), ("cmaes", "champion_cma_es")])
def test_a_missing_package_is_named(tmp_path, capsys, monkeypatch, package, baseline):
    monkeypatch.setattr("wann.extras.find_spec", lambda name: None if name == package else name)
    champion = f" --champion {shlex.quote(str(ROOT / CLASSIFIER))}" if baseline == "champion_cma_es" else ""
    options = f"--baseline {baseline}{champion}"
    assert compare_baselines.main([*shlex.split(options), "--out", str(tmp_path / "out")]) == 2
    expected = f"expected the package {package!r} to be installed, found no package {package!r}; pip install"
    assert f'{expected} "weight-agnostic-search[torch]"' in capsys.readouterr().err


def test_help_is_instant_and_names_every_baseline():
    from baselines.registry import BASELINES, SEQUENCE_BASELINES

    script = (
        "import sys, compare_baselines\n"
        "try: compare_baselines.main(['--help'])\nfinally: assert not {'torch', 'ray'} & {*sys.modules}"
    )
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert all(name in found.stdout for name in [*BASELINES, *SEQUENCE_BASELINES])


def test_training_on_sequences_is_stopped_and_resumed(tmp_path, capsys, monkeypatch):
    from baselines import sequence_file

    training = "--set training.every=10 --set training.batch=16 --set training.tests=4 --updates 30 --device cpu"
    command = f"--baseline rnn --task parity --set task.longest=4 --set model.hidden=8 {training}"
    assert compare_baselines.main([*command.split(), "--out", str(tmp_path / "whole")]) == 0
    assert "rnn on parity: as trained: " in capsys.readouterr().out
    save, out = sequence_file.save_state, tmp_path / "stopped"

    def save_and_stop(*state):
        save(*state)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(sequence_file, "save_state", save_and_stop)
        assert compare_baselines.main([*command.split(), "--out", str(out)]) == 130
    assert [path.name for path in out.iterdir()] == ["training.safetensors"]
    assert compare_baselines.main([*command.split(), "--out", str(out)]) == 2
    assert "expected a new or empty directory" in capsys.readouterr().err
    assert compare_baselines.main([*command.split(), "--out", str(out), "--resume"]) == 0
    one, other = (Path(path, "model.safetensors").read_bytes() for path in (out, tmp_path / "whole"))
    assert one == other
    assert [json.loads(Path(path, "results.json").read_text())["updates"] for path in (out, tmp_path / "whole")] == [
        30,
        30,
    ]


@pytest.mark.parametrize(
    ("baseline", "epochs"), [("champion", 30), pytest.param("champion_cma_es", 8, marks=pytest.mark.slow)]
)
def test_from_a_champion_to_files(tmp_path, capsys, baseline, epochs):
    out, champion = tmp_path / "out", digits_champion(tmp_path)
    options = ["--baseline", baseline, "--dataset", "digits", "--champion", str(champion), "--epochs", str(epochs)]
    assert compare_baselines.main([*options, "--out", str(out)]) == 0
    assert "681 trained parameters, 680 connections" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {"model.safetensors", "results.json"}
    results = json.loads((out / "results.json").read_text())
    assert results["test"]["accuracy"] >= 85 and results["parameters"] == 681


@pytest.mark.parametrize(
    ("options", "inputs"),
    [
        ({"baseline": "champion", "champion": str(ROOT / CLASSIFIER)}, "16x16 deskewed"),
        ({"baseline": "champion_cma_es", "champion": str(ROOT / CLASSIFIER)}, "16x16 deskewed"),
        ({"baseline": "linear"}, "16x16 deskewed"),
        ({"baseline": "cnn", "dataset": "fashion_mnist"}, "28x28"),
        ({"baseline": "mask", "dataset": "digits"}, "8x8"),
    ],
)
def test_inputs_are_found_where_none_are_asked_for(tmp_path, options, inputs):
    ready = make_ready(TrainingOptions(out=str(tmp_path / "out"), **options))
    assert ready.inputs == inputs and ready.device in ("cpu", "cuda")


def test_rooms_below_alone_are_imported():
    script = (
        "import sys, compare_baselines, baselines.model_file\n"
        "assert not {'workers', 'encoding', 'inspection', 'ray'} & {name.split('.')[0] for name in sys.modules}"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
