"""Event files, read again and written again by tensorboardX."""

import pytest
from tensorboardX.proto import event_pb2
from tensorboardX.record_writer import RecordWriter

from experiment.recording import Events


@pytest.fixture
def content(tmp_path) -> bytes:
    events = Events(tmp_path, first_step=7)
    events.add(7, {"best": 1.5, "nothing": 0.0, "not a number": float("nan"), "beyond": 1e300})
    events.add(300_000, {f"tag {number} é": -float(number) for number in range(40)})
    events.close()
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("events.out.tfevents.")
    return path.read_bytes()


def records(content: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 8], "little")
        found.append(content[at + 12 : at + 12 + size])
        at += 16 + size
    return found


def test_events_are_what_they_were_written_as(content) -> None:
    version, start, first, second = map(event_pb2.Event.FromString, records(content))
    assert version.file_version == "brain.Event:2" and version.wall_time > 1.7e9
    assert (start.step, start.session_log.status) == (7, event_pb2.SessionLog.START)
    assert {value.tag: value.simple_value for value in first.summary.value} == {
        "best": 1.5, "nothing": 0.0, "beyond": float("inf"),
    }  # fmt: skip
    assert second.step == 300_000
    assert [(value.tag, value.simple_value) for value in second.summary.value] == [
        (f"tag {number} é", -float(number)) for number in range(40)
    ]


def test_records_have_the_lengths_and_checksums_of_another_writer(content, tmp_path) -> None:
    writer = RecordWriter(str(tmp_path / "other"))
    for record in records(content):
        writer.write(record)
    writer.close()
    assert (tmp_path / "other").read_bytes() == content
