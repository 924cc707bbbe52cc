"""Where a submitted job may leave its results."""

import pytest

from experiment.jobs import check_outlives_job
from run_search import main
from searching import write_config


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
