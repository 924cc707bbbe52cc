"""The command on classifiers: accuracies on the test images, beside models of the registry."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("matplotlib")

import compare_baselines
from envs.images.classification import Classification
from trained import digits_champion
from wann.champion import load_champion
from wann.network import Networks, compile_genome

# Searching and training for them takes half a minute; test_comparing.py has the quick comparisons.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    directory = tmp_path_factory.mktemp("classifiers")
    path, out = digits_champion(directory), directory / "out"
    arguments = [str(path), "--out", str(out), "--episodes", "10", "--baselines", "linear,champion"]
    assert compare_baselines.main(arguments) == 0
    return path, out, arguments


def rows(out: Path) -> dict[str, dict]:
    (table,) = json.loads((out / "comparison.json").read_text())["tables"]
    return {row["setting"]: row for row in table["rows"]}


def test_rows_count_settings_or_images(compared):
    found = rows(compared[1])
    assert list(found) == ["random_individual", "random_shared", "best_shared", "vote", "linear", "champion"]
    units = {name: (row["unit"], row["n"]) for name, row in found.items()}
    images = ("images", len(Classification("digits", batch=None, split="test").batch_of(0)))
    assert units == {
        **dict.fromkeys(("random_individual", "random_shared"), ("settings", 10)),
        **dict.fromkeys(("best_shared", "vote", "linear", "champion"), images),
    }
    assert all(row["low"] <= row["mean"] <= row["high"] and row["complete"] for row in found.values())
    assert found["linear"]["mean"] > 90 and found["champion"]["mean"] > 60 > 30 > found["best_shared"]["mean"]
    assert all(row["published"] is None for row in found.values())  # those are of MNIST


def test_accuracies_are_those_of_the_task(compared):
    path, out, _ = compared
    champion, task = load_champion(path), Classification("digits").untouched
    networks, found = Networks.of([compile_genome(champion.genome)]), rows(out)
    weight = found["best_shared"]["facts"]["weight"]
    expected = task.evaluate(networks, np.array([weight]), [0]).values.item()
    assert found["best_shared"]["mean"] == pytest.approx(expected)
    vote = task.ensemble(networks[0], np.array(champion.weights))["vote"]
    assert found["vote"]["mean"] == pytest.approx(vote)


def test_nothing_is_chosen_on_test_images(compared):
    """The best weight is the validation part's; 0, which switches all connections off, is no candidate."""
    path, out, _ = compared
    networks = Networks.of([compile_genome(load_champion(path).genome)])
    grid = np.round(np.arange(-2, 2.01, 0.05), 12)
    grid = grid[grid != 0]
    found = Classification("digits").reported.evaluate(networks, grid, [0]).values.ravel()
    weight = rows(out)["best_shared"]["facts"]["weight"]
    assert found[np.isclose(grid, weight)].item() == found.max()


def test_finished_cells_are_not_measured_again(compared):
    _, out, arguments = compared
    before = {path.name: path.read_bytes() for path in out.glob("comparison.*")}
    cells = {path: path.stat().st_mtime_ns for path in (out / "state" / "cells").iterdir()}
    assert compare_baselines.main([*arguments, "--resume"]) == 0
    assert {path.name: path.read_bytes() for path in out.glob("comparison.*")} == before
    assert {path: path.stat().st_mtime_ns for path in cells} == cells
