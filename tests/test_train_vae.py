"""The command that makes an encoder: its mistakes in one sentence, and a run from driving to files."""

import json
import subprocess
import sys

import pytest

import train_vae
from envs.box2d.racer.task import CarRacing
from places import ROOT


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--frames", "10"], "--frames: expected at least 1000, found 10"),
        (["--held-out", "10"], "--held-out: expected at least 200, found 10"),
        (["--epochs", "0"], "--epochs: expected at least 1, found 0"),
        (["--learning-rate", "2"], "--learning-rate: expected a number between 0 and 1, found 2.0"),
        (["--device", "gpu"], "--device: expected one of auto, cpu, cuda, found 'gpu'"),
        (["--champion", "absent.json"], "absent.json: expected a champion file, found none"),
        (["--champion", "docs/champions/swingup_published.json"], "expected one of car_racing, found one of cartpole"),
        (["--epoch", "3"], "did you mean '--epochs'?"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, capsys, monkeypatch, options, message):
    pytest.importorskip("torch")
    monkeypatch.chdir(ROOT)
    assert train_vae.main(["--out", str(tmp_path / "out"), *options]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_directory_in_use_is_refused(tmp_path, capsys):
    pytest.importorskip("torch")
    (tmp_path / "kept").write_text("mine")
    assert train_vae.main(["--out", str(tmp_path)]) == 2
    assert "expected a new or empty directory, found files in it" in capsys.readouterr().err


def test_missing_packages_are_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("wann.extras.find_spec", lambda name: None)
    assert train_vae.main(["--out", str(tmp_path / "out")]) == 2
    assert (
        "expected the package 'torch' to be installed, found no package 'torch'; pip install" in capsys.readouterr().err
    )


def test_help_is_instant_and_needs_no_torch():
    script = (
        "import sys, train_vae\ntry: train_vae.main(['--help'])\nfinally: assert not {'torch', 'ray'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@pytest.mark.slow
def test_from_driving_to_a_task(tmp_path, capsys):
    for package in ("torch", "Box2D"):
        pytest.importorskip(package)
    out = tmp_path / "out"
    options = ["--frames", "1000", "--held-out", "1000", "--epochs", "1", "--seed", "7"]
    assert train_vae.main(["--out", str(out), *options]) == 0
    printed = capsys.readouterr().out
    assert "pictures of lanes  1000/1000" in printed and "training, batches  7/7" in printed
    assert "frames of Gymnasium  1000/1000" in printed
    assert "squared error" in printed and "linear probes of this encoder" in printed
    assert {path.name for path in out.iterdir()} == {
        "encoder.safetensors",
        "vae.safetensors",
        "reconstructions.png",
        "quality.json",
    }
    quality = json.loads((out / "quality.json").read_text())
    assert len(quality["reconstruction"]["kl"]) == 16
    # The convolutional encoder reads what docs/car_racing.md says of it, within the chance of 1000 frames.
    assert quality["convolutional"]["r2"]["offset"] > 0.8
    task = CarRacing(encoder=str(out / "encoder.safetensors"))
    assert task.preprocessing != CarRacing().preprocessing
