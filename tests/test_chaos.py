"""Searches on clusters of several machines, of which some are lost: the small size of ``make chaos``."""

import json
import shlex
import subprocess
import sys

import pytest

from lacking import lacks
from searching import ROOT
from tests.chaos.machines import why_not

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> list[dict]:
    missing = why_not()
    if missing is None and shlex.quote(sys.executable) != sys.executable:
        missing = f"an interpreter that Ray's server for clients can start: not {sys.executable}, which a shell splits"
    if missing is not None:
        lacks(missing)
    out = tmp_path_factory.mktemp("chaos") / "out"
    command = [sys.executable, "-m", "tests.chaos", "small", "--out", str(out)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=580, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return json.loads((out / "chaos.json").read_text())


def test_nothing_is_lost_with_workers_nodes_and_drivers(reports: list[dict]) -> None:
    assert [report["search"] for report in reports] == ["pole", "walker"]
    for report in reports:
        assert report["identical"] and report["lost_env_steps"] == 0


def test_the_faults_were_felt(reports: list[dict]) -> None:
    pole, walker = reports
    assert pole["faults"] == {"worker": 3, "cut": 1, "join": 1, "node": 1, "driver": 1, "mend": 1}
    assert walker["faults"] == {"worker": 1, "join": 1, "power": 1, "driver": 1}
    assert pole["deaths"] >= 1 and pole["retries"] >= 1
    # Chunks of walkers are so short that others overtake the work of the dead before Ray reports the death.
    assert walker["deaths"] + walker["stragglers"] >= 1
    assert pole["most_workers"] == 4  # A node joined three others.
