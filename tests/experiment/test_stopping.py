"""The section ``stop``: where a search ends, and that ends, resumes and files keep their promises."""

import json
from pathlib import Path

import pytest

from configs import from_mapping, load_config
from experiment.stopping import end_of
from run_search import main
from searching import metrics, result, staged_result, write_config, write_staged_config
from wann.champion import load_champion

STAGES = [
    {"name": "discover", "generations": 6, "restarts": 2, "survivors": 6},
    {"name": "refine", "generations": 4, "survivors": 5},
]


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    return write_config(tmp_path_factory.mktemp("config") / "small.yaml")


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory) -> Path:
    """The run without a stop."""
    run = tmp_path_factory.mktemp("whole") / "run"
    assert main([str(config), "--run-dir", str(run)]) == 0
    return run


def first_reaching(run: Path, key: str) -> tuple[float, int]:
    """A value that the run reaches on its way, and the number of generations until then."""
    found = [line[key] for line in metrics(run)]
    index = next(i for i in range(1, len(found) - 1) if found[i] > max(found[:i]))
    return (max(found[:index]) + found[index]) / 2, index + 1


@pytest.mark.parametrize(("key", "measured"), [("mean_return", "best_mean_return"), ("best_return", "best_max_return")])
def test_a_search_ends_at_the_first_generation_that_reaches_a_return(key, measured, config, whole, tmp_path, capsys):
    limit, generations = first_reaching(whole, measured)
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run), "--set", f"stop.{key}={limit}"]) == 0
    assert metrics(run) == metrics(whole)[:generations]
    champion = load_champion(run / "champion.json")
    assert champion.generation == generations
    assert champion.config["stop"][key] == limit and champion.config["generations"] == 8
    assert f"ends after generation {generations} of 8: {measured} is " in capsys.readouterr().out
    before = result(run)
    assert main(["--resume", str(run)]) == 0
    assert result(run) == before


def test_a_stopped_search_goes_on_to_the_same_bytes(config, whole, tmp_path):
    limit, generations = first_reaching(whole, "best_mean_return")
    stop = ["--set", f"stop.mean_return={limit}"]
    straight, resumed = tmp_path / "straight", tmp_path / "resumed"
    assert main([str(config), "--run-dir", str(straight), *stop]) == 0
    assert main([str(config), "--run-dir", str(resumed), *stop, "--set", f"generations={generations - 1}"]) == 0
    assert main(["--resume", str(resumed), "--set", "generations=8"]) == 0
    assert result(resumed) == result(straight)


def test_a_resume_may_ask_for_more_and_not_for_less(config, whole, tmp_path, capsys):
    limit, generations = first_reaching(whole, "best_mean_return")
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run), "--set", f"stop.mean_return={limit}"]) == 0
    assert main(["--resume", str(run), "--set", f"stop.mean_return={limit - 1}"]) == 2
    assert "stop.mean_return: expected none, or at least" in capsys.readouterr().err
    assert len(metrics(run)) == generations
    assert main(["--resume", str(run), "--set", "stop.mean_return=null"]) == 0
    assert result(run) == result(whole)


def test_seconds_end_a_search_and_decide_nothing_else(config, whole, tmp_path):
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run), "--set", "stop.seconds=1e-9"]) == 0
    assert metrics(run) == metrics(whole)[:1]
    champion = load_champion(run / "champion.json")
    assert champion.generation == 1 and "stop" not in champion.config
    assert main(["--resume", str(run)]) == 0
    assert len(metrics(run)) == 1
    assert main(["--resume", str(run), "--set", "stop.seconds=1000"]) == 0
    assert result(run) == result(whole)


def test_seconds_are_counted_over_resumes(config, tmp_path):
    run = tmp_path / "run"
    assert main([str(config), "--run-dir", str(run), "--set", "generations=2"]) == 0
    path = run / "metrics.jsonl"
    *_, last = path.read_text().splitlines()
    spent = json.loads(last)["wall_seconds"]
    assert main(["--resume", str(run), "--set", "generations=8", "--set", f"stop.seconds={spent}"]) == 0
    assert len(metrics(run)) == 2


def test_every_search_of_every_stage_may_end(tmp_path):
    run = tmp_path / "run"
    stages = [STAGES[0], {**STAGES[1], "stop": {"mean_return": None}}]
    path = write_staged_config(tmp_path / "staged.yaml", stages=stages, stop={"mean_return": -1000})
    assert main([str(path), "--run-dir", str(run)]) == 0
    lengths = {
        str(file.parent.relative_to(run / "stages")): len(metrics(file.parent))
        for file in run.glob("stages/*/*/metrics.jsonl")
    }
    assert lengths == {"1-discover/restart-000": 1, "1-discover/restart-001": 1, "2-refine/restart-000": 4}
    assert load_champion(run / "champion.json").generation == 5
    assert [line.split(",")[3] for line in (run / "stages.csv").read_text().splitlines()] == [
        "generations",
        "1",
        "1",
        "4",
    ]
    before = staged_result(run)
    assert main(["--resume", str(run)]) == 0
    assert staged_result(run) == before
    assert main(["--resume", str(run), "--set", "stop.mean_return=5"]) == 2


@pytest.mark.parametrize("parallel", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_replicates_that_ended_early_are_finished(parallel, config, tmp_path):
    run = tmp_path / "run"
    several = ["--set", "replicates=2", "--set", f"workers.parallel={parallel}"]
    assert main([str(config), "--run-dir", str(run), *several, "--set", "stop.best_return=-1000"]) == 0
    champions = [run / f"replicate-00{index}" / "champion.json" for index in range(2)]
    assert [load_champion(path).generation for path in champions] == [1, 1]
    times = [path.stat().st_mtime_ns for path in champions]
    assert main(["--resume", str(run)]) == 0
    assert [path.stat().st_mtime_ns for path in champions] == times
    assert main(["--resume", str(run), "--set", "stop.best_return=null", "--set", "generations=3"]) == 2
    assert main(["--resume", str(run), "--set", "stop.best_return=null", "--set", "workers.parallel=1"]) == 0
    assert [load_champion(path).generation for path in champions] == [8, 8]


def test_a_lost_or_failed_figure_ends_nothing():
    config = from_mapping({"generations": 5, "stop": {"mean_return": 1, "seconds": 9}})
    line = {"best_mean_return": None, "best_max_return": None, "wall_seconds": 8.0}
    assert end_of(config, 3, None) is None
    assert end_of(config, 3, line) is None
    assert end_of(config, 3, {**line, "best_mean_return": float("nan")}) is None
    assert end_of(config, 3, {**line, "wall_seconds": 9.5}) == "wall_seconds is 9.5, and stop.seconds is 9"
    assert end_of(config, 5, None) == "all 5 generations are done"


def test_the_written_config_has_the_section(whole):
    assert load_config(whole / "config.yaml").stop.mean_return is None
