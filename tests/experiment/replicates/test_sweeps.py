"""Sweeps, and searches side by side: the whole command."""

import csv
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from configs import load_config
from holding import is_alive
from run_search import main
from searching import SMALL, command, result, run_command, wait_for, write_config
from storage.checkpoint import load_latest

SWEEP = {"search.complexity_probability": [0.2, 0.8], "search.population": [24, 30]}
VALUES = [(c, p) for c in (0.2, 0.8) for p in (24, 30)]
NAMES = [f"{n:02d}-complexity_probability={c},population={p}" for n, (c, p) in enumerate(VALUES, start=1)]


def write(path: Path, **changes: object) -> Path:
    """A config whose champions are quickly chosen."""
    champion = {"candidates": 2, "selection_episodes": 64, "report_episodes": 1}
    return write_config(path, champion=champion, **changes)


def tables(run: Path) -> list[bytes]:
    return [(run / name).read_bytes() for name in ("sweep.csv", "searches.csv")]


def results(run: Path) -> dict[str, object]:
    return {path.parent.relative_to(run).as_posix(): result(path.parent) for path in run.rglob("champion.json")}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write(tmp_path / "sweep.yaml", generations=4, sweep=SWEEP)


@pytest.fixture(scope="module")
def swept(tmp_path_factory) -> Path:
    """A finished sweep with two replicates, one search after another."""
    directory = tmp_path_factory.mktemp("swept")
    path = write(directory / "sweep.yaml", generations=4, sweep=SWEEP, replicates=2)
    assert main([str(path), "--run-dir", str(directory / "run")]) == 0
    return directory / "run"


def test_every_combination_is_a_run_of_its_own(swept, tmp_path):
    assert sorted(results(swept)) == [f"{name}/replicate-00{i}" for name in NAMES for i in range(2)]
    path = write(
        tmp_path / "one.yaml",
        generations=4,
        search={**SMALL["search"], "population": 24, "complexity_probability": 0.8},
        seed=1,
    )
    assert main([str(path), "--run-dir", str(tmp_path / "one")]) == 0
    assert result(tmp_path / "one") == result(swept / NAMES[2] / "replicate-001")
    assert not load_config(swept / NAMES[0] / "replicate-000" / "config.yaml").has_children


def test_tables_hold_every_search_and_means_over_replicates(swept):
    searches = list(csv.DictReader((swept / "searches.csv").open()))
    rows = list(csv.DictReader((swept / "sweep.csv").open()))
    assert [row["combination"] for row in rows] == NAMES
    assert [(row["population"], row["complexity_probability"]) for row in rows][1:3] == [("30", "0.2"), ("24", "0.8")]
    for index, row in enumerate(rows):
        one, two = (float(search["random_mean"]) for search in searches[2 * index : 2 * index + 2])
        assert float(row["random_mean"]) == pytest.approx((one + two) / 2)
        assert float(row["random_mean_sd"]) == pytest.approx(abs(one - two) / 2**0.5)
        champion = json.loads((swept / NAMES[index] / "replicate-000" / "champion.json").read_text())
        assert one == champion["returns"]["random_shared_weight"]["mean"]


def test_a_sweep_is_drawn(swept):
    svg = (swept / "sweep.svg").read_text()
    assert all(text in svg for text in (*NAMES, "return at random shared weights"))
    assert (swept / "sweep.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_side_by_side_gives_the_same_bytes(swept, tmp_path):
    path = write(tmp_path / "sweep.yaml", generations=4, sweep=SWEEP, replicates=2)
    run = tmp_path / "run"
    done = run_command(path, "--run-dir", run, "--set", "workers.parallel=4")
    assert done.returncode == 0, done.stderr
    assert results(run) == results(swept)
    assert tables(run) == tables(swept)
    assert "Champion" in (run / NAMES[0] / "replicate-000" / "log.txt").read_text()


@pytest.mark.slow
def test_replicates_side_by_side_share_one_ray(tmp_path):
    workers = {"evaluator": "ray", "num_workers": 2}
    task = {"name": "cartpole_swingup", "max_steps": 400}
    paths = [
        write(tmp_path / f"{kind}.yaml", generations=3, task=task, replicates=2, workers=settings)
        for kind, settings in (("inline", {"evaluator": "inline"}), ("ray", {**workers, "parallel": 2}))
    ]
    assert main([str(paths[0]), "--run-dir", str(tmp_path / "inline")]) == 0
    done = run_command(paths[1], "--run-dir", tmp_path / "ray")
    assert done.returncode == 0, done.stderr
    assert results(tmp_path / "ray") == results(tmp_path / "inline")
    logs = [(tmp_path / "ray" / f"replicate-00{i}" / "log.txt").read_text() for i in range(2)]
    addresses = {
        line.split("joined at ")[1].split(")")[0]
        for log in logs
        for line in log.splitlines()
        if "on 1 Ray worker (joined at" in line
    }
    assert len(addresses) == 1
    assert (tmp_path / "ray" / "replicates.csv").read_bytes() == (tmp_path / "inline" / "replicates.csv").read_bytes()


def begin_long(path: Path, run: Path) -> subprocess.Popen:
    arguments = ("--set", "workers.parallel=2", "--set", "generations=400")
    return subprocess.Popen(command(path, "--run-dir", run, *arguments), stdout=subprocess.PIPE, text=True)


def both_have_begun(run: Path) -> bool:
    return all((run / f"replicate-00{i}" / "checkpoint").exists() for i in range(2))


def end_of(run: Path) -> int:
    return load_latest(run).metadata["generation"]


@pytest.mark.slow
def test_ctrl_c_saves_all_and_resuming_gives_the_same_bytes(tmp_path):
    path, run = write(tmp_path / "c.yaml", replicates=2), tmp_path / "run"
    with begin_long(path, run) as process:
        wait_for(lambda: both_have_begun(run), process)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"--resume {run}" in output
    for child in (run / "replicate-000", run / "replicate-001"):
        assert 0 < end_of(child) < 400 and end_of(child) == len((child / "metrics.jsonl").read_bytes().splitlines())
    assert run_command("--resume", run, "--set", "workers.parallel=2").returncode == 0
    assert main([str(path), "--run-dir", str(tmp_path / "whole"), "--set", "generations=400"]) == 0
    assert results(run) == results(tmp_path / "whole")


@pytest.mark.slow
def test_children_end_saved_when_their_parent_is_killed(tmp_path):
    run = tmp_path / "run"
    with begin_long(write(tmp_path / "c.yaml", replicates=2), run) as process:
        wait_for(lambda: both_have_begun(run), process)
        children = [int((run / f"replicate-00{i}" / "lock").read_text().split()[1]) for i in range(2)]
        process.kill()
        process.wait()
        for child in children:
            wait_until_gone(child)
    for name in ("replicate-000", "replicate-001"):
        assert "Stopped and saved" in (run / name / "log.txt").read_text()
        assert 0 < end_of(run / name) < 400


def wait_until_gone(pid: int) -> None:
    with subprocess.Popen(["sleep", "60"]) as clock:
        wait_for(lambda: not is_alive(pid), clock)
        clock.kill()


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [1, 2])
def test_a_child_that_fails_is_named_and_the_others_finish(config, tmp_path, parallel):
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run)]) == 0
    for name in ("checkpoint", "checkpoint.previous"):
        os.truncate(run / NAMES[1] / name, 50)
    done = run_command("--resume", run, "--set", "generations=6", "--set", f"workers.parallel={parallel}")
    assert done.returncode in (1, 2)
    assert f"{NAMES[1]} failed: " in done.stdout
    assert NAMES[1] in done.stderr and "checkpoint" in done.stderr and "Traceback" not in done.stderr
    reached = {name: end_of(run / name) for name in NAMES if name != NAMES[1]}
    assert set(reached.values()) == {6}
    assert [row["generations"] for row in csv.DictReader((run / "searches.csv").open())] == ["6", "6", "6"]


@pytest.mark.slow
def test_a_sweep_goes_on_where_it_stopped(config, tmp_path):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert main([str(config), "--run-dir", str(whole)]) == 0
    with subprocess.Popen(command(config, "--run-dir", stopped), stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: (stopped / NAMES[1] / "checkpoint").exists(), process)
        process.kill()
    before = (stopped / NAMES[0] / "champion.json").stat().st_mtime_ns
    assert main(["--resume", str(stopped)]) == 0
    assert (results(stopped), tables(stopped)) == (results(whole), tables(whole))
    assert (stopped / NAMES[0] / "champion.json").stat().st_mtime_ns == before
    assert main(["--resume", str(stopped), "--set", "sweep={search.population: [24]}"]) == 2


def test_searches_with_stages_are_swept(tmp_path):
    stages = [{"name": "find", "generations": 2, "survivors": 4}, {"name": "refine", "generations": 2}]
    path = write(tmp_path / "c.yaml", generations=4, stages=stages, sweep={"search.population": [24, 30]})
    run = tmp_path / "run"
    assert main([str(path), "--run-dir", str(run)]) == 0
    for name in ("01-population=24", "02-population=30"):
        assert (run / name / "stages.csv").is_file() and (run / name / "champion.json").is_file()
    assert len((run / "sweep.csv").read_text().splitlines()) == 3
