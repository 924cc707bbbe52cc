"""The command, as a person uses it."""

import itertools
import json
import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from safetensors.numpy import save_file

from envs.box2d.racer.encoder import DEFAULT, read_encoder
from run_search import main
from searching import SMALL, command, metrics, result, run_command, wait_for, write_config
from storage.checkpoint import load_latest
from storage.run_directory import RunDirectory
from storage.snapshots import load_snapshots
from wann import extras
from wann.champion import load_champion
from wann.network import compile_genome


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "small.yaml")


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A finished small run."""
    directory = tmp_path_factory.mktemp("finished")
    run = directory / "run"
    assert main([str(write_config(directory / "small.yaml")), "--run-dir", str(run)]) == 0
    return run


def test_a_run_leaves_everything_behind(finished, capsys):
    lines = metrics(finished)
    assert [line["generation"] for line in lines] == list(range(8))
    assert {
        "env_steps",
        "best_mean_return",
        "best_max_return",
        "best_num_connections",
        "median_num_connections",
    } <= set(lines[0])
    raw = json.loads((finished / "metrics.jsonl").read_text().splitlines()[-1])
    assert {"evaluate_seconds", "evolve_seconds", "wall_seconds", "cpu_seconds"} <= set(raw)
    assert 0 < raw["cpu_seconds"] < 64 * raw["wall_seconds"]
    assert all(one["env_steps"] < two["env_steps"] for one, two in itertools.pairwise(lines))
    champion = load_champion(finished / "champion.json")
    assert champion.generation == 8
    assert len(champion.returns["per_weight"]) == 6
    assert yaml.safe_load((finished / "config.yaml").read_text())["generations"] == 8
    assert (finished / "checkpoint").exists()
    snapshots = load_snapshots(finished)
    assert [snapshot.generation for snapshot in snapshots] == [1, 2, 4, 8]
    for snapshot in snapshots:
        line = lines[snapshot.generation - 1]
        assert snapshot.mean_return == line["best_mean_return"]
        assert compile_genome(snapshot.genome).num_connections == line["best_num_connections"]
    assert list(finished.glob("events.out.tfevents.*"))


def test_a_finished_run_writes_its_page_and_names_it(finished, tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    monkeypatch.chdir(tmp_path)
    assert main(["--resume", "run", "--set", "logging.report=true"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Report:  run/report/report.html" in lines
    told = dict(line.split(": ", 1) for line in lines if line.startswith(("Inspect: ", "Compare: ")))
    for what, script, words in (
        ("Inspect", "inspect_champion.py", ["run", "--video", "mp4"]),
        ("Compare", "compare_baselines.py", ["run"]),
    ):
        _, named, *rest = shlex.split(told[what])  # quoted where the path has a space
        assert named.endswith(script) and rest == words
    assert "<html" in (run / "report" / "report.html").read_text()
    assert result(run) == result(finished)


def test_a_run_says_how_to_get_its_page_where_packages_are_missing(finished, monkeypatch, capsys):
    monkeypatch.setattr(extras, "is_installed", lambda package: package not in ("matplotlib", "resvg_py"))
    assert main(["--resume", str(finished), "--set", "logging.report=true"]) == 0
    assert (
        "Report:  not written: logging.report: expected packages that draw, found no matplotlib, resvg_py; "
        'pip install "weight-agnostic-search[inspect]"' in capsys.readouterr().out.splitlines()
    )
    assert not (finished / "report").exists()


def test_tensorboard_events_hold_the_metrics(finished):
    from tensorboardX.proto.event_pb2 import Event

    data = next(finished.glob("events.out.tfevents.*")).read_bytes()
    found, at = {}, 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 8], "little")
        event = Event.FromString(data[at + 12 : at + 12 + size])
        at += 16 + size
        for value in event.summary.value:
            found[value.tag, event.step] = value.simple_value
    for line in metrics(finished):
        assert found["best_mean_return", line["generation"]] == pytest.approx(line["best_mean_return"], rel=1e-6)


def test_the_end_tells_returns_and_files(config, tmp_path, capsys):
    assert main([str(config), "--run-dir", str(tmp_path / "run"), "--set", "generations=2"]) == 0
    output = capsys.readouterr().out
    assert "generation 2/2" in output  # no terminal: plain lines
    assert "random in U(-2, 2)" in output
    assert str(tmp_path / "run" / "champion.json") in output


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(config, finished, tmp_path):
    for name, seed in (("same", 0), ("other", 1)):
        assert main([str(config), "--run-dir", str(tmp_path / name), "--seed", str(seed)]) == 0
    assert result(tmp_path / "same") == result(finished)
    assert result(tmp_path / "other") != result(finished)


def test_a_search_starts_from_champions(config, finished, tmp_path):
    initial = f"initial=[{finished / 'champion.json'}]"
    assert main([str(config), "--run-dir", str(tmp_path / "run"), "--set", initial, "--set", "generations=1"]) == 0
    start, before = metrics(tmp_path / "run")[0], metrics(finished)[0]
    assert start["best_mean_return"] > before["best_mean_return"]


def test_a_champion_of_another_task_is_refused(config, finished, tmp_path, capsys):
    pendulum = write_config(tmp_path / "p.yaml", task={"name": "gymnasium", "id": "CartPole-v1"})
    arguments = [str(pendulum), "--run-dir", str(tmp_path / "run"), "--set", f"initial=[{finished / 'champion.json'}]"]
    assert main(arguments) == 2
    assert "expected a network with 4 inputs" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_replicates_have_their_own_directories_and_a_table(config, finished, tmp_path, capsys):
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run), "--set", "replicates=3"]) == 0
    table = (run / "replicates.csv").read_text().splitlines()
    assert len(table) == 4
    assert table[0].startswith("seed,generations,random_mean")
    assert "Replicates" in capsys.readouterr().out
    assert metrics(run / "replicate-000") == metrics(finished)
    assert [load_champion(run / f"replicate-00{i}" / "champion.json").seed for i in range(3)] == [0, 1, 2]


def test_replicates_resume_where_they_stopped(config, tmp_path):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert main([str(config), "--run-dir", str(whole), "--set", "replicates=3"]) == 0
    with subprocess.Popen(command(config, "--run-dir", stopped, "--set", "replicates=3")) as process:
        wait_for(lambda: (stopped / "replicate-001" / "checkpoint").exists(), process)
        process.kill()
    assert main(["--resume", str(stopped)]) == 0
    for name in ("replicate-000", "replicate-001", "replicate-002"):
        assert result(stopped / name) == result(whole / name)
    assert (stopped / "replicates.csv").read_bytes() == (whole / "replicates.csv").read_bytes()


@pytest.mark.slow
def test_replicates_follow_the_resumed_config_of_their_parent(config, tmp_path):
    whole, run = tmp_path / "whole", tmp_path / "run"
    assert main([str(config), "--run-dir", str(whole), "--set", "replicates=2", "--set", "generations=12"]) == 0
    assert main([str(config), "--run-dir", str(run), "--set", "replicates=2"]) == 0
    with subprocess.Popen(command("--resume", run, "--set", "generations=12"), stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: len(metrics_lines(run / "replicate-000")) > 8, process)
        process.kill()
    assert main(["--resume", str(run)]) == 0
    for name in ("replicate-000", "replicate-001"):
        assert result(run / name) == result(whole / name)


def test_a_resumed_run_does_not_need_its_initial_champions(config, finished, tmp_path, monkeypatch):
    (tmp_path / "start.json").write_bytes((finished / "champion.json").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main([str(config), "--run-dir", "run", "--set", "initial=[start.json]", "--set", "generations=2"]) == 0
    (tmp_path / "start.json").unlink()
    assert main(["--resume", "run", "--set", "generations=3"]) == 0


def test_a_finished_run_goes_on_for_more_generations(config, tmp_path):
    longer = tmp_path / "longer"
    assert main([str(config), "--run-dir", str(longer), "--set", "generations=11"]) == 0
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run)]) == 0
    assert main(["--resume", str(run), "--set", "generations=11"]) == 0
    assert result(run) == result(longer)


@pytest.mark.slow
def test_gymnasium_tasks_need_only_yaml(tmp_path):
    path = write_config(tmp_path / "c.yaml", task={"name": "gymnasium", "id": "CartPole-v1", "max_steps": 50})
    assert main([str(path), "--run-dir", str(tmp_path / "run"), "--set", "generations=2"]) == 0
    champion = load_champion(tmp_path / "run" / "champion.json")
    assert champion.task_options == {"id": "CartPole-v1", "max_steps": None}  # whole episodes are reported


# --- stopping ---


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_ctrl_c_finishes_the_generation_saves_and_says_how_to_resume(config, tmp_path, number):
    run, whole = tmp_path / "run", tmp_path / "whole"
    arguments = ["--set", "generations=150"]
    with subprocess.Popen(command(config, "--run-dir", run, *arguments), stdout=subprocess.PIPE, text=True) as process:
        wait_for(lambda: (run / "checkpoint").exists(), process)
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"--resume {run}" in output
    stopped_at = len(metrics(run))
    assert 0 < stopped_at < 150
    assert not (run / "champion.json").exists()
    assert main(["--resume", str(run)]) == 0
    assert main([str(config), "--run-dir", str(whole), *arguments]) == 0
    assert result(run) == result(whole)


@pytest.mark.parametrize(
    ("setting", "saved"),
    [
        ("checkpoint_seconds=0", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("checkpoint_seconds=1000", [1, 8]),
        ("checkpoint_every=3", [3, 6, 8]),
    ],
)
def test_checkpoints_are_as_far_apart_as_the_config_says(setting, saved, config, tmp_path, monkeypatch):
    generations, original = [], RunDirectory.save_checkpoint

    def save_checkpoint(self, arrays, metadata):
        generations.append(metadata["generation"])
        original(self, arrays, metadata)

    monkeypatch.setattr(RunDirectory, "save_checkpoint", save_checkpoint)
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run), "--set", f"logging.{setting}"]) == 0
    assert generations == saved
    assert load_latest(run).metadata["generation"] == 8


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["checkpoint_every=100", "checkpoint_seconds=1000"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_end_between_two_checkpoints_changes_nothing(number, setting, config, tmp_path):
    """Ctrl-C saves first; what was computed before a SIGKILL is computed again."""
    run, whole = tmp_path / "run", tmp_path / "whole"
    arguments = ["--set", "generations=150", "--set", f"logging.{setting}"]
    with subprocess.Popen(command(config, "--run-dir", run, *arguments), stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: (run / "metrics.jsonl").exists() and len(metrics_lines(run)) > 3, process)
        process.send_signal(number)
        process.wait(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    stopped_at = len(metrics_lines(run))
    assert 3 < stopped_at < 100
    checkpoint = load_latest(run)
    if number == signal.SIGINT:
        assert checkpoint.metadata["generation"] == stopped_at
    else:
        assert checkpoint is None or checkpoint.metadata["generation"] == 1
    assert main(["--resume", str(run)]) == 0
    assert main([str(config), "--run-dir", str(whole), *arguments]) == 0
    assert result(run) == result(whole)


def metrics_lines(run: Path) -> list[bytes]:
    return (run / "metrics.jsonl").read_bytes().splitlines()


def test_two_runs_cannot_share_a_directory(config, tmp_path):
    run = tmp_path / "run"
    with subprocess.Popen(command(config, "--run-dir", run, "--set", "generations=100000")) as process:
        wait_for(lambda: (run / "checkpoint").exists(), process)
        second = run_command("--resume", run)
        process.kill()
    assert second.returncode == 2
    assert f"in use by process {process.pid}" in second.stderr


# --- mistakes ---

RACER = ("--set", "task.name=car_racing", "--set")
ELITES_AND_NEWBORNS = ("strategy=age_fitness", "elite_ratio=1", "cull_ratio=0", "age_fitness.newborn_ratio=.5")
MISTAKES = [
    ([], "expected CONFIG"),
    (["nowhere.yaml"], "nowhere.yaml"),
    (["."], "found a directory"),
    (["{config}", "--sett", "a=b"], "did you mean '--set'"),
    (["{config}", "--run_dir", "x"], "did you mean '--run-dir'"),
    (["{config}", "extra"], "expected known arguments, found extra"),
    (["{config}", "--set"], "expected one argument"),
    (["{config}", "--set", "seed"], "seed"),
    (["{config}", "--seed", "one"], "seed"),
    (["{config}", "--seed", "-1"], "seed"),
    (["{config}", "--set", "search.populaton=3"], "did you mean 'search.population'"),
    (["{config}", "--set", "search.population=3"], "search.population"),
    (["{config}", "--set", "search.population=many"], "search.population"),
    (["{config}", "--set", "search.strategy=publishd"], "did you mean 'published'"),
    (["{config}", "--set", "search.mutation.enable=.5"], "sum to 1"),
    (["{config}", "--set", "search.activations=[sine]"], "sine"),
    (["{config}", "--set", "generations=0"], "generations"),
    (["{config}", "--set", "generations=true"], "generations"),
    (["{config}", "--set", "task.name=cartpole_swing"], "did you mean 'cartpole_swingup'"),
    (["{config}", "--set", "task.max_step=5"], "did you mean"),
    (["{config}", "--set", "task.max_steps=0"], "max_steps"),
    (["{config}", "--set", "task.max_steps=soon"], "max_steps"),
    (["{config}", "--set", "evaluation.weights=[]"], "evaluation.weights"),
    (["{config}", "--set", "evaluation.weights=[.nan]"], "evaluation.weights"),
    (["{config}", "--set", "evaluation.sampled_weights.high=-3"], "sampled_weights"),
    (["{config}", "--set", "workers.evaluator=rya"], "workers.evaluator"),
    (["{config}", "--set", "workers.device=cuda"], "no CUDA evaluator"),
    (["{config}", "--set", "workers.num_workers=0"], "workers.num_workers"),
    (["{config}", "--set", "initial=[nowhere.json]"], "nowhere.json"),
    (["{config}", "--set", "initial=[{config}]"], "expected JSON"),
    (["--resume", "nowhere"], "nowhere"),
    (["{config}", "--resume", "{run}"], "expected no CONFIG"),
    (["--resume", "{run}", "--run-dir", "x"], "expected no --run-dir"),
    (["--resume", "{run}", "--set", "search.population=30"], "search.population"),
    (["--resume", "{run}", "--set", "seed=4", "--set", "task.max_steps=10"], "seed, task.max_steps"),
    (["--resume", "{run}", "--set", "generations=3"], "generations"),
    (["--resume", "{run}", "--set", "replicates=2"], "replicates"),
    (["{config}", "--set", "replicates=2", "--seed", "9223372036854775807"], "seed + replicates"),
    (
        ["{config}", *(f"--set=search.{key}" for key in ELITES_AND_NEWBORNS)],
        "elites and newborns",
    ),
    (["{config}", "--set", "evaluation.weights=[1e200]"], "evaluation.weights"),
    (["{config}", "--run-dir", "{run}"], "--resume"),
    (["{config}", *RACER, "task.encoder=nowhere.safetensors"], "nowhere.safetensors, found none"),
    (["{config}", *RACER, "task.encoder={config}"], "found a damaged or another one"),
    (["{config}", *RACER, "task.encoder={encoder}"], "expected an encoder with 16 latents at "),
    (["{config}", *RACER, "task.simulator=mujoco"], "expected one of auto, lanes, gymnasium, found 'mujoco'"),
    (["{config}", "--set", "task={{name: gymnasium, id: Walker-v9}}"], "task.id"),
    (["{config}", "--run-dir", "{config}"], "expected a directory for a run, found a file\n"),
    (["{config}", "--run-dir", "{config}/inner"], "expected a directory for a run, found a file at /"),
    (["--resume", "{config}"], "expected a run directory to resume, found a file\n"),
    (["{config}", "--run-dir", ""], "--run-dir: expected a directory or a URL, found an empty text\n"),
]


@pytest.fixture(scope="module")
def wide_encoder(tmp_path_factory) -> Path:
    """An encoder of 32 latents."""
    path = tmp_path_factory.mktemp("encoder") / "wide.safetensors"
    save_file({**read_encoder(DEFAULT).weights, "mu.weight": np.zeros((32, 1024), np.float32)}, path)
    return path


def test_a_simulator_that_is_not_installed_is_one_sentence_and_status_2(config, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("envs.gymnasium.pool.find_spec", lambda name: None if name == "Box2D" else object())
    monkeypatch.chdir(tmp_path)
    assert main([str(config), "--set", "task.name=bipedal_walker"]) == 2
    message = capsys.readouterr().err
    assert "found no package 'Box2D'" in message and message.count("\n") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"), MISTAKES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_mistake_is_one_sentence_and_status_2(
    arguments, expected, config, finished, wide_encoder, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    words = {"config": config, "run": finished, "encoder": wide_encoder}
    assert main([text.format(**words) for text in arguments]) == 2
    message = capsys.readouterr().err
    assert message.startswith("run_search.py: ")
    assert message.count("\n") == 1
    assert expected in message
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nowhere.yaml"], "nowhere.yaml"),
        (["--unknown"], "--unknown"),
        (["{config}", "--set", "search.populaton=3"], "did you mean 'search.population'"),
        (["{config}", "--set", "workers.evaluator=ray", "--set", "workers.address=127.0.0.1:1"], "127.0.0.1:1"),
    ],
)
def test_mistakes_on_the_real_command_line(arguments, expected, config, tmp_path):
    done = run_command(*(text.format(config=config) for text in arguments), cwd=tmp_path)
    assert done.returncode == 2
    assert not (tmp_path / "runs").exists()
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_help_names_the_options():
    done = run_command("--help")
    assert done.returncode == 0
    for option in ("CONFIG", "--set", "--seed", "--run-dir", "--resume"):
        assert option in done.stdout


def test_the_shipped_configs_are_valid(tmp_path):
    from experiment.checking import check, load_checked
    from experiment.plan import plan_of
    from searching import ROOT

    paths = sorted((ROOT / "configs").glob("*.yaml"))
    assert {"cartpole_swingup.yaml", "cartpole_swingup_published.yaml"} <= {path.name for path in paths}
    for path in paths:
        check(plan_of(load_checked(path)))


def test_published_config_is_the_published_search():
    from configs import Config, load_config
    from searching import ROOT

    assert load_config(ROOT / "configs" / "cartpole_swingup_published.yaml") == Config()
    assert SMALL["workers"] == {"evaluator": "inline"}
    assert os.path.exists(ROOT / "Makefile")
