"""Runs that began under an earlier layout of the config go on, and end as they would have."""

import json
import shutil
from pathlib import Path

import pytest

from run_search import main
from wann.champion import load_champion

# Made by the last version before each strategy had a section of its own; champions by the same, but for the plain one's
# network: since then the smallest of equal candidates wins.
RUNS = Path(__file__).parent / "golden" / "earlier_layout"


@pytest.mark.parametrize(("name", "arguments"), [("plain", ["--set", "generations=5"]), ("staged", [])])
def test_a_run_of_an_earlier_version_goes_on(name, arguments, tmp_path):
    run = tmp_path / name
    shutil.copytree(RUNS / name, run)
    assert main(["--resume", str(run), *arguments]) == 0
    found, expected = (json.loads(path.read_text()) for path in (run / "champion.json", RUNS / f"{name}_champion.json"))
    for key in ("nodes", "connections", "weights", "generation"):
        assert found[key] == expected[key], key
    reported = ("per_weight", "random_shared_weight", "random_individual_weights")
    assert {key: found["returns"][key] for key in reported} == {key: expected["returns"][key] for key in reported}


def test_champions_of_an_earlier_version_load():
    champion = load_champion(RUNS / "staged_champion.json")
    assert champion.config["search"]["confidence"] == 0.5
