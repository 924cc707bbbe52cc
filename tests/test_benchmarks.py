"""Benchmarks: their figures add up, and docs/performance.md uses each of them."""

from importlib import import_module
from time import perf_counter

import pytest

from benchmarks.figures import FIGURES, expanded
from benchmarks.run import BENCHMARKS, main, search_figures
from markdown import spans
from places import ROOT
from searching import run_command, write_config
from storage.metrics import read_metrics

PAGE = ROOT / "docs" / "performance.md"
MODULES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("module", MODULES)
def test_every_benchmark_can_be_imported(module):
    import_module(f"benchmarks.{module}")


def test_every_benchmark_names_its_figures():
    assert list(FIGURES) == list(BENCHMARKS)


def test_every_figure_is_used_in_the_page():
    """By its name, or by a pattern as in a shell: ``name_{192,460}``."""
    named = {name for span in spans(PAGE) for name in expanded(span)}
    printed = {name for figures in FIGURES.values() for name in figures}
    assert printed <= named, sorted(printed - named)


def test_every_figure_of_the_page_is_printed():
    printed = {name for figures in FIGURES.values() for name in figures}
    prefixes = ("swingup_", "ask_tell_ms", "biped_", "car_racing_", "mnist_", "ray_")
    named = {name for span in spans(PAGE) for name in expanded(span) if name.startswith(prefixes)}
    files = {name for name in named if name.endswith((".md", ".yaml"))}
    assert named - files - {*BENCHMARKS} <= printed


@pytest.mark.parametrize(("evaluator", "num_workers"), [("inline", 1), pytest.param("ray", 2, marks=pytest.mark.slow)])
def test_the_parts_of_a_search_add_up(evaluator, num_workers, tmp_path):
    """A real search: its workers were busy for a large part of the time that was spent on evaluations."""
    workers = {"evaluator": evaluator, **({"num_workers": num_workers} if evaluator == "ray" else {})}
    search = {"population": 96, "tournament_size": 8}
    task = {"name": "cartpole_swingup", "max_steps": 300}
    if evaluator == "ray":  # what is small and safe would run in the driver, and workers would have nothing to do
        task = {"name": "gymnasium", "id": "CartPole-v1", "max_steps": 30}
    champion = {"candidates": 1, "first_episodes": 1, "selection_episodes": 1, "report_episodes": 2}
    settings = {"workers": workers, "search": search, "task": task, "champion": champion}
    config = write_config(tmp_path / "config.yaml", generations=12, **settings)
    begin = perf_counter()
    found = run_command(config, "--run-dir", tmp_path / "run")
    seconds = perf_counter() - begin
    assert found.returncode == 0, found.stderr
    lines = read_metrics(tmp_path / "run")
    parts = search_figures(lines, seconds, num_workers)
    evaluating = sum(line["evaluate_seconds"] for line in lines)
    assert parts["not_evaluation_seconds"] == pytest.approx(seconds - parts["worker_seconds"])
    assert 0.25 * evaluating < parts["worker_seconds"] < evaluating
    assert parts["env_steps"] == lines[-1]["env_steps"]


def test_figures_that_do_not_add_up_are_refused():
    line = {"evaluate_seconds": 4.0, "evolve_seconds": 1.0, "worker_busy_seconds": 7.0, "env_steps": 10}
    lines = [{**line, "wall_seconds": 5.0 * (generation + 1)} for generation in range(3)]
    assert search_figures(lines, 20.0, 2)["worker_seconds"] == 10.5
    for wrong in ({"worker_busy_seconds": 0.1}, {"worker_busy_seconds": 9.0}, {"evolve_seconds": 2.0}):
        with pytest.raises(AssertionError):
            search_figures([{**line, **wrong} for line in lines], 20.0, 2)


def test_an_unknown_benchmark_is_refused(capsys):
    assert main(["ask_tel"]) == 2
    assert "expected names of imports, ask_tell" in capsys.readouterr().err
