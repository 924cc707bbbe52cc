"""Checkpoints: exact, checked, and never lost, whenever the process is killed or the disk fills."""

import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from places import ROOT
from storage.checkpoint import (
    CHECKPOINT,
    PREVIOUS,
    CheckpointError,
    load,
    load_latest,
    save,
)
from storage.files import RunError, write_atomically
from wann.errors import UserError
from wann.files import partial_path

ARRAYS = {
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "scalar": np.array(0.1 + 0.2),
    "empty": np.zeros((0, 4), np.int32),
    "switches": np.array([True, False]),
    "large": np.array([2**64 - 1], np.uint64),
    "strided": np.arange(10, dtype=np.int64)[::3],
    "codes": np.array([-1, 7], np.int8),
    "strange": np.array([np.nan, -np.inf, -0.0, 5e-324], np.float64),
}


def save_generation(directory: Path, generation: int) -> None:
    save(directory / CHECKPOINT, {"state": np.full(1000, generation)}, {"generation": generation})


def generation_of(directory: Path) -> int:
    checkpoint = load_latest(directory)
    assert checkpoint is not None
    assert (checkpoint.arrays["state"] == checkpoint.metadata["generation"]).all()
    return checkpoint.metadata["generation"]


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << (position % 8)
    path.write_bytes(data)


def test_what_is_saved_is_loaded_bit_for_bit(tmp_path):
    metadata = {"generation": 3, "text": 'ä"\n', "nested": {"list": [0.1, None, True, 2**70]}}
    save(tmp_path / CHECKPOINT, ARRAYS, metadata)
    found = load(tmp_path / CHECKPOINT)
    assert found.metadata == metadata
    assert found.arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found.arrays[name].dtype == array.dtype
        assert found.arrays[name].shape == array.shape
        assert found.arrays[name].tobytes() == array.tobytes()
        assert not found.arrays[name].flags.writeable


def test_equal_states_give_equal_bytes(tmp_path):
    save(tmp_path / "a", ARRAYS, {"generation": 1})
    save(tmp_path / "b", dict(reversed(ARRAYS.items())), {"generation": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("metadata", [{"x": float("nan")}, {"x": float("inf")}])
def test_metadata_is_finite(tmp_path, metadata):
    with pytest.raises(ValueError, match="JSON"):
        save(tmp_path / CHECKPOINT, {}, metadata)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("array", [np.array([None]), np.array(["a"])])
def test_arrays_are_numbers(tmp_path, array):
    with pytest.raises(ValueError, match="'odd': expected numbers or bools, found dtype"):
        save(tmp_path / CHECKPOINT, {"odd": array}, {})


def test_no_checkpoint_is_none(tmp_path):
    assert load_latest(tmp_path) is None


def test_the_one_before_is_kept_and_nothing_else(tmp_path):
    for generation in range(4):
        save_generation(tmp_path, generation)
    assert sorted(path.name for path in tmp_path.iterdir()) == [CHECKPOINT, PREVIOUS]
    assert load(tmp_path / PREVIOUS).metadata == {"generation": 2}
    assert generation_of(tmp_path) == 3


def test_killed_between_the_renames(tmp_path):
    save_generation(tmp_path, 1)
    os.replace(tmp_path / CHECKPOINT, tmp_path / PREVIOUS)
    partial_path(tmp_path / CHECKPOINT).write_bytes(b"unfinished")
    assert generation_of(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [PREVIOUS]
    save_generation(tmp_path, 2)
    assert generation_of(tmp_path) == 2
    assert load(tmp_path / PREVIOUS).metadata == {"generation": 1}


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_bit_anywhere_is_found(tmp_path, caplog, seed):
    save_generation(tmp_path, 1)
    save_generation(tmp_path, 2)
    size = (tmp_path / CHECKPOINT).stat().st_size
    flip(tmp_path / CHECKPOINT, seed if seed < 10 else random.Random(seed).randrange(size))
    with caplog.at_level(logging.WARNING):
        assert generation_of(tmp_path) == 1
    [record] = caplog.records
    assert str(tmp_path / CHECKPOINT) in record.getMessage()
    assert "expected a" in record.getMessage()


@pytest.mark.parametrize("seed", range(20))
def test_a_truncation_anywhere_is_found(tmp_path, caplog, seed):
    save_generation(tmp_path, 1)
    save_generation(tmp_path, 2)
    path = tmp_path / CHECKPOINT
    size = path.stat().st_size
    kept = [0, 4, 8, 20, 40, 41, size - 1][seed] if seed < 7 else random.Random(seed).randrange(size)
    os.truncate(path, kept)
    with caplog.at_level(logging.WARNING):
        assert generation_of(tmp_path) == 1
    assert "truncated or altered" in caplog.text or "found a file that begins" in caplog.text or "empty" in caplog.text


@pytest.mark.parametrize(
    "content", [b"", b"garbage" * 100, b"WANNCKP1", b"\x80\x04\x95pickle", b"WANNCKP1" + b"\0" * 99]
)
def test_garbage_is_found(tmp_path, content):
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        load(tmp_path / CHECKPOINT)
    assert str(caught.value).startswith(f"{tmp_path / CHECKPOINT}: expected a ")


def test_a_longer_file_is_found(tmp_path):
    save_generation(tmp_path, 1)
    with open(tmp_path / CHECKPOINT, "ab") as file:
        file.write(b"\0")
    with pytest.raises(CheckpointError, match="truncated or altered"):
        load(tmp_path / CHECKPOINT)


def test_a_payload_of_another_kind_is_found(tmp_path):
    import hashlib

    payload = json.dumps({"not": "safetensors"}).encode()
    (tmp_path / CHECKPOINT).write_bytes(b"WANNCKP1" + hashlib.sha256(payload).digest() + payload)
    with pytest.raises(CheckpointError, match="payload of another kind"):
        load(tmp_path / CHECKPOINT)


def test_both_damaged_is_one_sentence(tmp_path):
    save_generation(tmp_path, 1)
    save_generation(tmp_path, 2)
    flip(tmp_path / CHECKPOINT, 100)
    os.truncate(tmp_path / PREVIOUS, 100)
    with pytest.raises(UserError) as caught:
        load_latest(tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{tmp_path}: expected a valid checkpoint, found in checkpoint one that is ")
    assert "in checkpoint.previous one that is truncated" in message
    assert message.endswith("no valid checkpoint is left, so start the run anew")


def test_a_damaged_checkpoint_never_takes_the_place_of_the_good_one(tmp_path):
    save_generation(tmp_path, 1)
    save_generation(tmp_path, 2)
    flip(tmp_path / CHECKPOINT, 100)
    assert generation_of(tmp_path) == 1
    save_generation(tmp_path, 2)
    assert load(tmp_path / PREVIOUS).metadata == {"generation": 1}
    assert load(tmp_path / CHECKPOINT).metadata == {"generation": 2}


SAVER = """
import sys
from pathlib import Path
import numpy as np
from storage.checkpoint import load_latest, save
directory = Path(sys.argv[1])
found = load_latest(directory)
generation = found.metadata["generation"] if found else 0
while True:
    generation += 1
    save(directory / "checkpoint", {"state": np.full(25_000, generation)}, {"generation": generation})
    print(generation, flush=True)
"""


@pytest.mark.timeout(120)
def test_killed_at_any_moment_a_checkpoint_is_left(tmp_path):
    """No more than the save in flight is lost, and some kills land in the middle of one."""
    rng, in_the_middle, generation, kills = random.Random(1), 0, 0, 0
    while kills < 10 or (in_the_middle < 2 and kills < 60):
        kills += 1
        saver = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, env=environment()
        )
        assert saver.stdout
        first = saver.stdout.readline()
        time.sleep(rng.uniform(0, 0.03))
        saver.send_signal(signal.SIGKILL)
        reported = [int(line) for line in [first, *saver.stdout.read().splitlines()]]
        saver.wait()
        saver.stdout.close()
        assert reported[0] == generation + 1
        in_the_middle += partial_path(tmp_path / CHECKPOINT).exists()
        generation = generation_of(tmp_path)
        assert reported[-1] <= generation <= reported[-1] + 1
    assert in_the_middle >= 2


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def test_a_full_disk_ends_in_one_sentence_and_loses_nothing(small_disk):
    save_generation(small_disk, 7)
    (small_disk / "other").write_bytes(bytes(36_000))
    with pytest.raises(RunError) as caught:
        save(small_disk / CHECKPOINT, {"state": np.full(10_000, 8)}, {"generation": 8})
    assert str(caught.value) == (
        f"disk full: could not write {small_disk / CHECKPOINT} (No space left on device); the run is intact up to "
        "generation 7; free space"
    )
    assert sorted(path.name for path in small_disk.iterdir()) == [CHECKPOINT, "other"]
    assert generation_of(small_disk) == 7
    (small_disk / "other").unlink()
    save_generation(small_disk, 8)
    assert generation_of(small_disk) == 8


LIMITED = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from storage.checkpoint import save
from storage.files import RunError, write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1]) / "checkpoint"
save(path, {"state": np.full(1000, 7)}, {"generation": 7})
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    save(path, {"state": np.full(10_000, 8)}, {"generation": 8})
except RunError as error:
    print(error)
"""


def test_a_limit_on_file_sizes_is_a_full_disk(tmp_path):
    """Needs no right to mount, so it runs everywhere."""
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == (
        f"disk full: could not write {tmp_path / CHECKPOINT} (File too large); the run is intact up to "
        "generation 7; free space\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [CHECKPOINT]
    assert generation_of(tmp_path) == 7


def test_a_disk_error_before_the_first_checkpoint(tmp_path):
    with pytest.raises(RunError) as caught:
        save_generation(tmp_path / "removed", 1)
    assert "disk error: could not write" in str(caught.value)
    assert "no checkpoint was finished yet; remove the cause" in str(caught.value)


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
