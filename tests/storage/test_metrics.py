"""metrics.jsonl as its readers see it; `test_run_directory` has its writer."""

import json
from pathlib import Path

import numpy as np
import pytest

from storage.metrics import METRICS, MetricsFile, last_metrics, read_columns, read_metrics
from wann.errors import UserError


def written(run: Path, records: list[dict], tail: bytes = b"") -> Path:
    file = MetricsFile(run / METRICS)
    for record in records:
        file.append(record)
    file.close()
    with (run / METRICS).open("ab") as end:
        end.write(tail)
    return run


LINES = [{"generation": 0, "x": 0.1 + 0.2}, {"generation": 1, "x": float("nan")}, {"generation": 2, "x": -1}]


def test_lines_come_back_exactly(tmp_path):
    assert read_metrics(written(tmp_path, LINES)) == [LINES[0], {"generation": 1, "x": None}, LINES[2]]


def test_without_a_file_there_are_none(tmp_path):
    assert read_metrics(tmp_path) == []
    assert last_metrics(tmp_path) is None
    assert read_columns(tmp_path, ["x"])["x"].shape == (0,)


@pytest.mark.parametrize("tail", [b"{", b'{"generation": 3, "x": 1', b'{"generation": 3, "x": 1}', b"\xff\0"])
def test_a_last_line_without_its_end_is_left_out_by_every_reader(tmp_path, tail):
    run = written(tmp_path, LINES, tail)
    assert len(read_metrics(run)) == 3
    assert last_metrics(run) == LINES[2]
    assert len(read_columns(run, ["x"])["x"]) == 3


def test_a_file_of_one_unfinished_line_has_no_lines(tmp_path):
    run = written(tmp_path, [], b'{"generation"')
    assert read_metrics(run) == [] and last_metrics(run) is None


@pytest.mark.parametrize("length", [1, 16_000, 16_384, 40_000, 100_000])
def test_the_last_line_is_found_however_long_lines_are(tmp_path, length):
    lines = [{"generation": generation, "text": "x" * length} for generation in range(3)]
    assert last_metrics(written(tmp_path, lines)) == lines[-1]
    (tmp_path / "one").mkdir()
    assert last_metrics(written(tmp_path / "one", lines[:1])) == lines[0]


@pytest.mark.parametrize("line", [b"nonsense\n", b"[1]\n", b"\xff\n", b"[" * 100_000 + b"\n"])
def test_a_damaged_line_is_placed(tmp_path, line):
    run = written(tmp_path, LINES, line)
    with pytest.raises(UserError) as caught:
        read_metrics(run)
    assert caught.value.place == f"{run / METRICS}:4"
    assert len(str(caught.value).splitlines()) == 1


def test_columns_are_arrays_with_nan_for_null(tmp_path):
    columns = read_columns(written(tmp_path, LINES), ["x", "generation"])
    assert list(columns) == ["x", "generation"]
    np.testing.assert_array_equal(columns["x"], [0.1 + 0.2, np.nan, -1])
    np.testing.assert_array_equal(columns["generation"], [0, 1, 2])


@pytest.mark.parametrize(
    ("record", "key", "found"),
    [
        ({"x": "high"}, "x", "high"),
        ({"x": True}, "x", "True"),
        ({}, "x", "nothing"),
        ({"x": 1, "env_steps": None}, "env_steps", "None"),
    ],
)
def test_a_column_is_of_numbers(tmp_path, record, key, found):
    run = written(tmp_path, [{"x": 0, "env_steps": 1}], (json.dumps(record) + "\n").encode())
    with pytest.raises(UserError) as caught:
        read_columns(run, ["x", "env_steps"])
    assert (caught.value.place, caught.value.key) == (f"{run / METRICS}:2", key)
    assert (caught.value.expected, caught.value.found) == ("a number", found)
