"""Searches from outside a cluster: submitted as a job, or as a client; and where a job may leave its results."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clusters import LOOPBACK, cluster, free_port
from experiment.jobs import check_outlives_job
from lacking import lacks
from run_search import main
from searching import ROOT, command, result, write_config
from tests.chaos.machines import INSIDE, inside, why_not


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A config for workers."""
    return write_config(tmp_path_factory.mktemp("config") / "small.yaml", workers={"evaluator": "ray"})


@pytest.fixture(scope="module")
def alone(small: Path, tmp_path_factory) -> object:
    """The result of the search in one process."""
    run = tmp_path_factory.mktemp("alone") / "run"
    assert main([str(small), "--run-dir", str(run), "--set", "workers.evaluator=inline"]) == 0
    return result(run)


def outside(arguments: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | LOOPBACK
    return subprocess.run(
        arguments, cwd=directory, env=environment, capture_output=True, text=True, timeout=200, check=False
    )


@pytest.mark.slow
def test_jobs_and_clients() -> None:
    """In a network of their own: what starts jobs has one port, which the Ray of another test may have."""
    if (missing := why_not()) is not None:
        lacks(missing)
    test = f"{__file__}::test_a_job_and_a_client_find_what_a_search_alone_finds"
    command = inside([sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", test])
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(INSIDE not in os.environ, reason="run by test_jobs_and_clients")
def test_a_job_and_a_client_find_what_a_search_alone_finds(small: Path, alone: object, tmp_path: Path) -> None:
    port = free_port()
    dashboard = ("--include-dashboard", "true", "--dashboard-host", "127.0.0.1", "--dashboard-port", str(port))
    with cluster(tmp_path, *dashboard) as (_, client):
        submit = [sys.executable, "-m", "ray.scripts.scripts", "job", "submit", "--address", f"http://127.0.0.1:{port}"]
        submit += ["--working-dir", str(ROOT), "--", sys.executable, "run_search.py", str(small), "--run-dir"]
        submit += [str(tmp_path / "job")]
        for name, arguments in (
            ("client", command(small, "--run-dir", tmp_path / "client", "--address", f"ray://{client}")),
            ("job", submit),
        ):
            done = outside(arguments, tmp_path)
            for _ in range(30):
                if "No available agent to submit job" in done.stderr:  # A cluster has one some seconds after its start.
                    time.sleep(1)
                    done = outside(arguments, tmp_path)
            assert done.returncode == 0, done.stdout + done.stderr
            assert "on 2 Ray workers (joined at " in done.stdout
            assert result(tmp_path / name) == alone


def test_results_in_a_jobs_working_directory_are_refused(tmp_path, monkeypatch, capsys) -> None:
    working = tmp_path / "runtime_resources" / "working_dir_files" / "package"
    working.mkdir(parents=True)
    monkeypatch.chdir(working)
    check_outlives_job(None)  # no job
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}")
    check_outlives_job(str(tmp_path / "kept"))
    for arguments in ([], ["--run-dir", "mine"]):
        assert main([str(write_config(tmp_path / "small.yaml")), *arguments]) == 2
        assert "--run-dir: expected a directory that outlives the job, found" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["ray://127.0.0.1:1", "127.0.0.1:1"])
def test_address_is_short_for_the_key_and_nothing_there_is_one_sentence(tmp_path, capsys, address) -> None:
    config = write_config(tmp_path / "small.yaml", workers={"evaluator": "ray"})
    assert main([str(config), "--address", address, "--run-dir", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("run_search.py: workers.address: expected HOST:PORT or ray://HOST:PORT of a Ray cluster")
    assert f"found {address!r}, where nothing answers" in error and len(error.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_an_address_in_process_is_refused(tmp_path, capsys) -> None:
    config = write_config(tmp_path / "small.yaml")
    assert main([str(config), "--address", "auto", "--run-dir", str(tmp_path / "run")]) == 2
    assert "workers.address: expected evaluator 'ray' beside the address 'auto'" in capsys.readouterr().err
