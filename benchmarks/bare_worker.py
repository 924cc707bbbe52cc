"""A worker that sleeps for the expected time of its chunk, and answers in the driver's own bytes.

It imports neither this project nor NumPy: hundreds of such processes fit on one machine, where hundreds of real workers
would not, and the driver cannot tell the difference.
"""

from __future__ import annotations

import io
import pickle
import struct
import time
from array import array
from typing import Any

# Length of each episode, [P][R], by genome and rollout; seconds per step of all and of the longest.
Lengths = tuple[list[list[int]], float, float]


class _Unknown:
    """A stand-in for classes that this process lacks: arrays of int64 are read, and everything else is ignored."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments, self.state = arguments, None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def integers(self) -> list[int]:
        """A pickled int64 array: its bytes come first if NumPy has it contiguous, else last in its state."""
        raw = bytes(self.arguments[0] if self.state is None else self.state[-1])
        return list(struct.unpack(f"<{len(raw) // 8}q", raw))


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return _Unknown


def rows_and_rollouts(chunk: bytes) -> tuple[list[int], list[int], int]:
    """Genomes and rollouts of a chunk, and its number of weight settings."""
    rows, _, _, block = _Reader(io.BytesIO(chunk)).load()
    return rows.integers(), block.state["rollouts"].integers(), len(block.state["settings"].integers())


def chunk_steps(steps: list[list[int]], rows: list[int], rollouts: list[int], settings: int) -> list[int]:
    """Flat [p x W x R] lengths of a chunk's episodes; genomes and rollouts beyond those measured repeat them."""
    measured = [steps[row % len(steps)] for row in rows]
    return [own[rollout % len(own)] for own in measured for _ in range(settings) for rollout in rollouts]


def chunk_seconds(steps: list[int], lengths: Lengths) -> float:
    _, per_step, per_tick = lengths
    return per_step * sum(steps) + per_tick * max(steps)


def reply(steps: list[int], shape: tuple[int, int, int], seconds: float) -> bytes:
    """A pickled `workers.ray.worker_process.Reply`: `envs.task.Returns` whose values are the lengths, without falls."""
    values = _array(shape, "<f8", array("d", steps))
    lengths = _array(shape, "<i8", array("q", steps))
    falls = _array(shape, "|b1", array("b", bytes(len(steps))))
    returns = _call(b"envs.task", b"Returns", values, lengths, falls)
    rest = [_plain(value) for value in (None, seconds, 50.0)]
    return b"".join([b"\x80\x03(", returns, *rest, b"t."])


def _array(shape: tuple[int, ...], kind: str, numbers: array) -> bytes:
    return _call(b"numpy", b"ndarray", *map(_plain, (shape, kind, numbers.tobytes())))


def _call(module: bytes, name: bytes, *arguments: bytes) -> bytes:
    """Opcodes of a pickle that calls ``module.name``, which need not be importable here."""
    return b"".join([b"c", module, b"\n", name, b"\n(", *arguments, b"tR"])


def _plain(value: Any) -> bytes:
    """Opcodes of a plain value, without the header and the end of a pickle of its own."""
    return pickle.dumps(value, 3)[2:-1]


def answer(lengths: Lengths, chunk: bytes, speed: float) -> bytes:
    """Sleep, ``speed`` times as short as measured, and reply."""
    rows, rollouts, settings = rows_and_rollouts(chunk)
    steps = chunk_steps(lengths[0], rows, rollouts, settings)
    seconds = chunk_seconds(steps, lengths) / speed
    time.sleep(seconds)
    return reply(steps, (len(rows), settings, len(rollouts)), seconds)
