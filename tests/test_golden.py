"""Runs recorded with their configs: results do not change unnoticed; ``golden/remake.py`` records them anew."""

import json

import pytest

from datafiles import published
from evolution import shared_weight
from golden.remake import GOLDEN, run, run_short
from golden.short import COARSE, NAMES, recorded

LONG = ("bipedal_walker", "memory", "mnist", "sweep")


def test_the_golden_run_comes_out_the_same(tmp_path):
    golden = json.loads(GOLDEN.read_text())
    found = run(golden["config"], tmp_path)
    assert found["metrics"] == golden["metrics"]
    assert found["champion"] == golden["champion"]


def marked(name: str) -> object:
    return pytest.param(name, marks=[pytest.mark.slow, pytest.mark.timeout(600)] if name.startswith(LONG) else [])


@pytest.mark.parametrize("name", [marked(name) for name in NAMES])
def test_a_short_run_of_every_config_finds_the_same_network(name, tmp_path, monkeypatch):
    if name.startswith("mnist"):
        published("mnist")
    monkeypatch.setattr(shared_weight, "GRID_STEP", COARSE)
    assert run_short(name, tmp_path) == recorded(name)
