"""Runs that are kept at a URL: the same bytes as at home, whatever happens to the driver or the storage."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

import storage.remote.lease
from run_search import main
from searching import ROOT, metrics, result, staged_result, wait_for, write_config, write_staged_config
from storage.checkpoint import load_latest
from storage.remote.lease import Holder
from storage.remote.stores import open_storage
from storage.run_directory import RunDirectory
from stores import Bucket, download
from wann.cache import cache_directory

PERIOD = 0.5
# The command with a heart that beats faster.
DRIVER = f"""
import sys
import storage.remote.lease
storage.remote.lease.HEARTBEAT_SECONDS = {PERIOD}
from run_search import main
sys.exit(main())
"""


def new_machine(directory: Path) -> Path:
    """An empty cache directory, but for kernels, which take half a minute to compile."""
    directory.mkdir()
    for kernels in cache_directory().glob("kernels-*"):
        (directory / kernels.name).symlink_to(kernels.resolve())
    return directory


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(storage.remote.lease, "HEARTBEAT_SECONDS", PERIOD)
    directory = new_machine(tmp_path / "machine")
    monkeypatch.setenv("WANN_CACHE_DIR", str(directory))
    return directory


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple:
    """The result of a local run of 9 generations."""
    directory = tmp_path_factory.mktemp("whole")
    assert main([str(write_config(directory / "c.yaml", generations=9)), "--run-dir", str(directory / "run")]) == 0
    return result(directory / "run")


@pytest.fixture
def config(tmp_path) -> Path:
    return write_config(tmp_path / "c.yaml", generations=9)


@pytest.fixture
def bucket(monkeypatch) -> str:
    monkeypatch.setattr(Bucket, "puts_left", None)
    return f"bucket://{uuid4().hex}/run"


def start(cache: Path, directory: Path, *arguments: object) -> subprocess.Popen[str]:
    """The command as a process of another machine."""
    directory.mkdir(exist_ok=True)
    environment = {**os.environ, "WANN_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, *map(str, arguments)],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def generation_at(run: Path) -> int:
    """The generation of the newest checkpoint; 0 before the first."""
    try:
        found = load_latest(run)
    except (OSError, ValueError):
        return 0
    return found.metadata["generation"] if found else 0


def copies(machine: Path) -> list[Path]:
    return list((machine / "runs").glob("*/*/"))


@pytest.mark.parametrize("kind", ["memory", "shelf"])
def test_a_run_at_a_url_has_the_files_of_a_local_one(kind, config, whole, tmp_path, machine, capsys):
    url = f"memory://{uuid4().hex}/mine" if kind == "memory" else f"shelf://{tmp_path}/server/mine"
    assert main([str(config), "--run-dir", url]) == 0
    assert f"{url}/champion.json" in capsys.readouterr().out
    run = download(url, tmp_path / "run")
    assert result(run) == whole
    assert {"checkpoint", "checkpoint.previous", "config.yaml"} <= {path.name for path in run.iterdir()}
    assert list(run.glob("events.out.tfevents.*"))
    assert not list(run.rglob("lock")) and not list(run.rglob("*.partial"))
    assert not copies(machine)


def test_a_run_of_fewer_generations_goes_on_at_its_url(config, whole, bucket, tmp_path):
    assert main([str(config), "--run-dir", bucket, "--set", "generations=4"]) == 0
    assert main(["--resume", bucket, "--set", "generations=9"]) == 0
    assert result(download(bucket, tmp_path / "run")) == whole


def test_stages_and_replicates_are_kept_too(tmp_path, bucket, capsys):
    stages = [{"name": "one", "generations": 3, "restarts": 2}, {"name": "two", "generations": 2}]
    config = write_staged_config(tmp_path / "c.yaml", stages=stages, replicates=2)
    assert main([str(config), "--run-dir", str(tmp_path / "local")]) == 0
    capsys.readouterr()
    assert main([str(config), "--run-dir", bucket]) == 0
    output = capsys.readouterr().out
    assert f"{bucket}/replicates.csv" in output and f"{bucket}/replicate-001/stages.csv" in output
    run = download(bucket, tmp_path / "run")
    assert (run / "replicates.csv").read_bytes() == (tmp_path / "local" / "replicates.csv").read_bytes()
    for index in range(2):
        child = f"replicate-00{index}"
        assert staged_result(run / child) == staged_result(tmp_path / "local" / child)
    # The lease is of the whole: a part of it is not for another process.
    assert main(["--resume", f"{bucket}/replicate-001"]) == 2
    assert f"found a part of {bucket}" in capsys.readouterr().err


@pytest.mark.slow
def test_every_prefix_of_what_is_put_is_a_run_that_goes_on(tmp_path, monkeypatch, bucket, capsys):
    """The driver dies after any of the puts: with what is there by then, another one ends with the same bytes."""
    stages = [{"name": "one", "generations": 2}, {"name": "two", "generations": 2}]
    logging = {"put_seconds": 0, "checkpoint_seconds": 0, "tensorboard": False}
    config = write_staged_config(tmp_path / "c.yaml", stages=stages, logging=logging)
    put: list[tuple[str, bytes]] = []
    original = Bucket.pipe_file

    def noted(self, path, value, mode="overwrite", **settings):
        if "/lease/" not in path:
            put.append((path.removeprefix("/" + bucket.removeprefix("bucket://") + "/"), bytes(value)))
        original(self, path, value, mode, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "pipe_file", noted)
        assert main([str(config), "--run-dir", bucket]) == 0
    expected = staged_result(download(bucket, tmp_path / "run"))
    assert len(put) > 15
    for length in range(1, len(put) + 1, 4):
        url = f"memory://{uuid4().hex}"
        storage = open_storage(url)
        for name, data in put[:length]:
            storage.write(name, data)
        assert main(["--resume", url]) == 0, (put[length - 1][0], capsys.readouterr().err)
        assert staged_result(download(url, tmp_path / "again")) == expected, put[length - 1][0]


@pytest.mark.slow
def test_a_driver_is_killed_and_another_machine_ends_with_the_same_bytes(tmp_path, config, monkeypatch, capsys):
    run = tmp_path / "disk" / "run"
    settings = ["--set", "logging.put_seconds=0", "--set", "generations=100"]
    driver = start(new_machine(tmp_path / "other"), tmp_path, config, "--run-dir", run.as_uri(), *settings)
    wait_for(lambda: generation_at(run) >= 3, driver)
    assert main(["--resume", run.as_uri()]) == 2  # while it lives, it is left alone
    assert f"in use by process {driver.pid} on " in capsys.readouterr().err.strip()
    driver.kill()
    driver.communicate()
    assert not (run / "champion.json").exists()
    # Its copy is of no use to others: they have their own.
    assert list((tmp_path / "other" / "runs").glob("*/run/config.yaml"))
    shutil.rmtree(tmp_path / "other")
    monkeypatch.chdir(tmp_path)
    assert main(["--resume", run.as_uri()]) == 0
    assert main([str(config), "--run-dir", str(tmp_path / "reference"), *settings]) == 0
    assert result(run) == result(tmp_path / "reference")


def test_an_interrupted_run_has_put_everything_and_is_free(tmp_path, config, whole, bucket, monkeypatch, caplog):
    """Between two puts much is only in the working copy: here all but the first generation."""
    with monkeypatch.context() as patch:
        interrupt_after(6, patch)
        assert main([str(config), "--run-dir", bucket, "--set", "logging.put_seconds=1000"]) == 130
    run = download(bucket, tmp_path / "run")
    assert generation_at(run) == len(metrics(run)) == 6
    assert [Holder.read(path.read_bytes()).released for path in (run / "lease").iterdir()] == [True]
    assert main(["--resume", bucket]) == 0
    assert "watching its lease" not in caplog.text
    assert result(download(bucket, tmp_path / "run")) == whole


def interrupt_after(generations: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C once so many generations are recorded."""
    original = RunDirectory.append_metrics

    def append_metrics(self, record):
        original(self, record)
        if record["generation"] + 1 == generations:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(RunDirectory, "append_metrics", append_metrics)


def test_an_owner_that_was_followed_stops_and_writes_nothing_more(config, bucket, monkeypatch, capsys):
    heir = Holder("process 7 on a faster machine", "token", PERIOD)
    original, late = Bucket.pipe_file, []

    def overtaken(self, path, value, mode="overwrite", **settings):
        if len(open_storage(bucket).names("lease")) == 2:
            late.append(path)
        original(self, path, value, mode, **settings)
        if path.endswith("/checkpoint") and len(open_storage(bucket).names("lease")) == 1:
            original(self, f"{bucket}/lease/000002.json", heir.encode())

    monkeypatch.setattr(Bucket, "pipe_file", overtaken)
    assert main([str(config), "--run-dir", bucket, "--set", "logging.put_seconds=0"]) == 1
    error = capsys.readouterr().err.strip()
    assert "taken over by process 7 on a faster machine" in error and len(error.splitlines()) == 1
    assert not late


def test_a_bucket_that_takes_no_writes_is_found_before_the_search(config, bucket, machine, monkeypatch, capsys):
    monkeypatch.setattr(Bucket, "puts_left", 0)
    assert main([str(config), "--run-dir", bucket]) == 2
    captured = capsys.readouterr()
    assert "expected storage that can be read and written, found none: 403 no writes here" in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert "Search:" not in captured.out
    assert not copies(machine)


@pytest.mark.slow
@pytest.mark.parametrize("puts", [8, 20, 33])
def test_a_bucket_that_fails_ends_the_run_clearly_and_nothing_is_lost(
    puts, config, whole, bucket, machine, tmp_path, monkeypatch, capsys
):
    Bucket.puts_left = puts
    assert main([str(config), "--run-dir", bucket, "--set", "logging.put_seconds=0"]) == 1
    message = capsys.readouterr().err.strip()
    assert len(message.splitlines()) == 1
    assert "storage failed: could not write bucket://" in message and f"--resume {bucket}" in message
    (copy,) = copies(machine)
    assert str(copy) in message
    # If the bucket never comes back, the copy goes on by itself.
    local = shutil.copytree(copy, tmp_path / "local")
    assert main(["--resume", str(local)]) == 0
    assert result(local) == whole
    # If it does, it goes on from what was put, and the copy is no longer needed.
    Bucket.puts_left = None
    assert main(["--resume", bucket]) == 0
    assert result(download(bucket, tmp_path / "run")) == whole
    assert not copies(machine)


def test_a_short_failure_costs_nothing(config, whole, bucket, tmp_path, monkeypatch):
    original, calls = Bucket.pipe_file, []

    def shaky(self, path, *arguments, **settings):
        calls.append(path)
        if len(calls) % 7 == 0 and "/lease/" not in path:
            raise ConnectionResetError(104, "Connection reset by peer")
        original(self, path, *arguments, **settings)

    monkeypatch.setattr(Bucket, "pipe_file", shaky)
    assert main([str(config), "--run-dir", bucket, "--set", "logging.put_seconds=0"]) == 0
    assert result(download(bucket, tmp_path / "run")) == whole


def test_a_run_is_not_overwritten_and_none_is_not_resumed(config, bucket, tmp_path, capsys):
    assert main([str(config), "--run-dir", bucket, "--set", "generations=1"]) == 0
    before = {name: open_storage(bucket).read(name) for name in open_storage(bucket).names()}
    assert main([str(config), "--run-dir", bucket]) == 2
    message = capsys.readouterr().err
    assert "found a run in it; go on with: " in message and message.endswith(f"run_search.py --resume {bucket}\n")
    assert main(["--resume", bucket, "--set", "seed=3"]) == 2
    error = capsys.readouterr().err
    assert f"{bucket}: expected the config that the run was started with, found other values of seed" in error
    assert main(["--resume", f"{bucket}-other"]) == 2
    assert f"{bucket}-other: expected a run directory to resume" in capsys.readouterr().err
    after = {name: open_storage(bucket).read(name) for name in open_storage(bucket).names()}
    assert {k: v for k, v in after.items() if "lease" not in k} == {k: v for k, v in before.items() if "lease" not in k}


def test_a_run_that_began_at_a_url_is_not_resumed_past_its_lease(config, tmp_path, capsys):
    url = (tmp_path / "run").as_uri()
    assert main([str(config), "--run-dir", url, "--set", "generations=1"]) == 0
    assert main(["--resume", str(tmp_path / "run")]) == 2
    assert f"--resume {url}" in capsys.readouterr().err
