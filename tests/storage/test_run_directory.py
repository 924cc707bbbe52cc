"""Run directories: one owner, exact metrics, and no resuming under another config."""

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from configs import Config, config_hash, load_config
from places import ROOT
from storage.checkpoint import CHECKPOINT, PREVIOUS, load
from storage.files import RunError
from storage.run_directory import RunDirectory, check_resumable
from wann.errors import UserError

CONFIG = Config.model_validate({"seed": 3, "generations": 9, "workers": {"evaluator": "inline"}})


def sentence(caught) -> str:
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_new_run_holds_its_config(tmp_path):
    with RunDirectory.create(tmp_path / "runs" / "a", CONFIG) as run:
        assert load_config(run.path / "config.yaml") == CONFIG
        assert sorted(path.name for path in run.path.iterdir()) == ["config.yaml", "lock"]
        assert run.load_checkpoint() is None


def test_a_run_is_not_overwritten(tmp_path):
    RunDirectory.create(tmp_path, CONFIG).close()
    with pytest.raises(UserError) as caught:
        RunDirectory.create(tmp_path, CONFIG)
    assert sentence(caught) == f"{tmp_path}: expected a new directory, found a run in it"
    assert caught.value.resume == str(tmp_path)


def test_other_files_are_not_mixed_with_a_run(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UserError) as caught:
        RunDirectory.create(tmp_path, CONFIG)
    expected = f"{tmp_path}: expected a new directory, found other files in it, such as 'thesis.tex'"
    assert sentence(caught) == expected


def test_a_run_that_died_before_its_config_was_written_is_no_run(tmp_path):
    (tmp_path / "lock").write_text("process 1 on host\n")
    (tmp_path / "config.yaml.partial").write_text("see")
    with RunDirectory.create(tmp_path, CONFIG) as run:
        assert load_config(run.path / "config.yaml") == CONFIG


def test_a_file_is_no_run(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as caught:
        RunDirectory.create(tmp_path / "file", CONFIG)
    assert sentence(caught) == f"{tmp_path / 'file'}: expected a directory for a run, found a file"


def test_a_misspelt_run_is_not_found(tmp_path):
    RunDirectory.create(tmp_path / "swingup", CONFIG).close()
    with pytest.raises(UserError) as caught:
        RunDirectory.open_existing(tmp_path / "swingpu")
    assert sentence(caught) == (
        f"{tmp_path / 'swingpu'}: expected a run directory to resume, found no config.yaml in it "
        f"(did you mean {str(tmp_path / 'swingup')!r}?)"
    )


def test_a_damaged_config_is_placed(tmp_path):
    RunDirectory.create(tmp_path, CONFIG).close()
    (tmp_path / "config.yaml").write_text("seed: 3\ngenerations: nine\n")
    with pytest.raises(UserError) as caught:
        RunDirectory.open_existing(tmp_path)
    expected = f"{tmp_path / 'config.yaml'}:2: generations: expected a whole number, found 'nine'"
    assert sentence(caught) == expected


# --- resuming ---


def test_resuming_keeps_the_config(tmp_path):
    RunDirectory.create(tmp_path, CONFIG).close()
    with RunDirectory.open_existing(tmp_path) as run:
        assert run.config == CONFIG


def test_resuming_may_change_what_decides_nothing(tmp_path):
    RunDirectory.create(tmp_path, CONFIG).close()
    overrides = ["generations=20", "workers.evaluator=ray", "workers.num_workers=2", "logging.progress=false"]
    with RunDirectory.open_existing(tmp_path, overrides) as run:
        assert (run.config.generations, run.config.workers.num_workers) == (20, 2)
        assert load_config(tmp_path / "config.yaml") == run.config
        assert config_hash(run.config) == config_hash(CONFIG)


def test_resuming_under_another_config_names_the_keys(tmp_path):
    RunDirectory.create(tmp_path, CONFIG).close()
    before = (tmp_path / "config.yaml").read_bytes()
    with pytest.raises(UserError) as caught:
        RunDirectory.open_existing(tmp_path, ["seed=4", "search.population=64", "workers.num_workers=2"])
    assert sentence(caught) == (
        f"{tmp_path}: expected the config that the run was started with, found other values of search.population, "
        "seed; only workers, logging, task.on_error and a later end (more generations, a higher stop; not "
        "with stages, which keep theirs) may change on a "
        "resume"
    )
    assert (tmp_path / "config.yaml").read_bytes() == before
    RunDirectory.open_existing(tmp_path).close()  # the lock is free again


def test_generations_only_grow():
    check_resumable(CONFIG, CONFIG, "runs/a")
    with pytest.raises(UserError) as caught:
        check_resumable(CONFIG, CONFIG.model_copy(update={"generations": 8}), "runs/a")
    assert sentence(caught) == ("runs/a: generations: expected at least the 9 that the run was started with, found 8")


def test_a_checkpoint_belongs_to_its_config(tmp_path):
    with RunDirectory.create(tmp_path, CONFIG) as run:
        run.save_checkpoint({"state": np.arange(3)}, {"generation": 5})
    path = tmp_path / "config.yaml"
    path.write_text(path.read_text().replace("seed: 3", "seed: 4"))
    with RunDirectory.open_existing(tmp_path) as run, pytest.raises(UserError) as caught:
        run.load_checkpoint()
    assert sentence(caught) == (
        f"{path}: expected the config that the checkpoint was made under, found other values of seed; "
        "restore them, or start a new run"
    )


def test_a_checkpoint_survives_what_decides_nothing(tmp_path):
    with RunDirectory.create(tmp_path, CONFIG) as run:
        run.save_checkpoint({"state": np.arange(3)}, {"generation": 5})
        run.save_checkpoint({"state": np.arange(4)}, {"generation": 6})
    with RunDirectory.open_existing(tmp_path, ["generations=99", "workers.device=cpu"]) as run:
        checkpoint = run.load_checkpoint()
    assert checkpoint is not None
    assert checkpoint.arrays["state"].tolist() == [0, 1, 2, 3]
    assert checkpoint.metadata["generation"] == 6
    assert checkpoint.metadata["config_hash"] == config_hash(CONFIG)
    assert load(tmp_path / PREVIOUS).metadata["generation"] == 5


# --- metrics ---


def test_metrics_are_exact_lines(tmp_path):
    record = {
        "generation": 1,
        "sum": 0.1 + 0.2,
        "numpy": np.float64(1e-320),
        "narrow": np.float32(0.1),
        "count": np.int64(3),
        "list": np.array([1.5, math.nan]),
        "nan": math.nan,
        "infinite": {"inside": [-math.inf]},
        "none": None,
    }
    with RunDirectory.create(tmp_path, CONFIG) as run:
        run.append_metrics(record)
        [line] = run.metrics_path.read_text().splitlines()  # there before anything is closed
    found = json.loads(line, parse_constant=lambda name: pytest.fail(name))
    assert list(found) == list(record)
    assert found == {
        **{"generation": 1, "sum": 0.30000000000000004, "numpy": 1e-320, "narrow": float(np.float32(0.1)), "count": 3},
        **{"list": [1.5, None], "nan": None, "infinite": {"inside": [None]}, "none": None},
    }


def metrics_of(path: Path, generations: range) -> None:
    with RunDirectory.create(path, CONFIG) as run:
        for generation in generations:
            run.append_metrics({"generation": generation, "value": generation / 3})


@pytest.mark.parametrize(
    "tail", [b"", b'{"generation": 5, "val', b'{"generation": 5}', b"\0\0\0\n", b"[5]\n", b"\xff\n"]
)
def test_metrics_are_cut_back_to_the_checkpoint(tmp_path, tail):
    metrics_of(tmp_path, range(5))
    whole = (tmp_path / "metrics.jsonl").read_bytes()
    with open(tmp_path / "metrics.jsonl", "ab") as file:
        file.write(tail)
    with RunDirectory.open_existing(tmp_path) as run:
        records = run.truncate_metrics(2)
        assert [record["generation"] for record in records] == [0, 1, 2]
        for generation in (3, 4):
            run.append_metrics({"generation": generation, "value": generation / 3})
        assert run.metrics_path.read_bytes() == whole


def test_all_metrics_can_go(tmp_path):
    metrics_of(tmp_path, range(5))
    with RunDirectory.open_existing(tmp_path) as run:
        assert run.truncate_metrics(-1) == []
        assert run.metrics_path.read_bytes() == b""


def test_metrics_that_fit_are_not_touched(tmp_path):
    metrics_of(tmp_path, range(5))
    before = (tmp_path / "metrics.jsonl").stat()
    with RunDirectory.open_existing(tmp_path) as run:
        assert len(run.truncate_metrics(4)) == 5
    assert (tmp_path / "metrics.jsonl").stat().st_ino == before.st_ino


def test_missing_metrics_are_told(tmp_path, caplog):
    metrics_of(tmp_path, range(5))
    with RunDirectory.open_existing(tmp_path) as run:
        run.truncate_metrics(7)
    assert caplog.messages == [f"{tmp_path / 'metrics.jsonl'}: expected lines up to generation 7, found 4"]


def test_a_run_without_metrics_has_none(tmp_path):
    with RunDirectory.create(tmp_path, CONFIG) as run:
        assert run.truncate_metrics(3) == []


# --- a full device ---


def test_a_full_device_ends_in_one_sentence(tmp_path):
    """/dev/full refuses every byte, as a full disk does."""
    with RunDirectory.create(tmp_path, CONFIG) as run:
        run.save_checkpoint({"state": np.arange(3)}, {"generation": 5})
        run.metrics_path.symlink_to("/dev/full")
        with pytest.raises(RunError) as caught:
            run.append_metrics({"generation": 6})
    assert sentence(caught) == (
        f"disk full: could not write {tmp_path / 'metrics.jsonl'} (No space left on device); the run is intact up to "
        "generation 5; free space"
    )


LIMITED = """
import resource, signal, sys
from configs import Config
from storage.files import RunError
from storage.run_directory import RunDirectory
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
run = RunDirectory.create(sys.argv[1], Config())
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    for generation in range(100):
        run.append_metrics({"generation": generation, "text": "x" * 80})
except RunError as error:
    print(error)
"""


def test_a_line_that_does_not_fit_leaves_no_piece(tmp_path):
    done = run_python(LIMITED, tmp_path / "run")
    assert done.stdout.startswith("disk full: could not write")
    data = (tmp_path / "run" / "metrics.jsonl").read_bytes()
    assert 880 < len(data) <= 1000
    assert data.endswith(b"}\n")


# --- the champion ---


def test_a_champion_is_replaced_whole(tmp_path):
    with RunDirectory.create(tmp_path, CONFIG) as run:
        run.write_champion(b"{}\n")
        run.write_champion(b"{ }\n")
        assert (tmp_path / "champion.json").read_bytes() == b"{ }\n"
        assert not list(tmp_path.glob("*.partial"))


# --- the lock ---

HOLD = """
import sys, subprocess
from storage.run_directory import RunDirectory
run = RunDirectory.open_existing(sys.argv[1])
child = subprocess.Popen(["sleep", "60"])  # as workers do, it outlives a killed owner and must not keep the lock
print(child.pid, flush=True)
sys.stdin.read()
"""


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


@pytest.fixture
def owner(tmp_path):
    """A second process that owns the run in ``tmp_path``, and a child of its own."""
    RunDirectory.create(tmp_path, CONFIG).close()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    child = int(process.stdout.readline())
    yield process
    process.kill()
    os.kill(child, signal.SIGKILL)  # it holds the other end of the pipe
    process.communicate()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("take", [RunDirectory.open_existing, lambda path: RunDirectory.create(path, CONFIG)])
def test_two_processes_cannot_share_a_run(tmp_path, owner, take):
    with pytest.raises(UserError) as caught:
        take(tmp_path)
    message = sentence(caught)
    assert message.startswith(
        f"{tmp_path}: expected a run that nothing is using, found it in use by process {owner.pid} on "
    )


@pytest.mark.timeout(60)
def test_a_dead_owner_frees_the_run(tmp_path, owner):
    owner.kill()
    owner.wait()
    with RunDirectory.open_existing(tmp_path) as run:
        assert run.config == CONFIG
        assert f"process {os.getpid()} on " in (tmp_path / "lock").read_text()


def test_a_closed_run_is_free(tmp_path):
    run = RunDirectory.create(tmp_path, CONFIG)
    with pytest.raises(UserError, match="in use by process"):
        RunDirectory.open_existing(tmp_path)
    run.close()
    run.close()
    RunDirectory.open_existing(tmp_path).close()


def test_a_refused_run_is_free(tmp_path):
    RunDirectory.create(tmp_path, CONFIG).close()
    for _ in range(2):
        with pytest.raises(UserError, match="found a run in it"):
            RunDirectory.create(tmp_path, CONFIG)
    assert not (tmp_path / CHECKPOINT).exists()
