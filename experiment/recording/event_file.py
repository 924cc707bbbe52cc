"""TensorBoard's event files: a record for each event, which is a message of protocol buffers.

The package tensorboardX writes them too, but it imports torch, which takes a second of every search. Sources:
TensorFlow's ``event.proto`` and ``summary.proto``, its record format (``lib/io/record_writer.h``), and RFC 3720 (B.4)
for the checksum.
"""

from __future__ import annotations

import socket
import struct
import time
from array import array
from collections.abc import Mapping
from functools import cache
from pathlib import Path

# Fields' numbers and wire types, as protocol buffers encode them.
_WALL_TIME, _STEP, _FILE_VERSION, _SUMMARY, _SESSION_LOG = b"\x09", b"\x10", b"\x1a", b"\x2a", b"\x3a"
_VALUE, _TAG, _SIMPLE_VALUE = b"\x0a", b"\x0a", b"\x15"
_START = b"\x08\x01"  # the status of a session that begins
_MASK_DELTA = 0xA282EAD8


class EventFile:
    """A new file of events, whose name TensorBoard knows by its middle.

    Args:
        prefix: the directory, and what the name begins with.

    Raises:
        OSError: on making or writing the file.
    """

    def __init__(self, prefix: Path) -> None:
        name = f"{prefix.name}.out.tfevents.{int(time.time())}.{socket.gethostname()}"
        self._file = prefix.with_name(name).open("wb")
        self._write(_FILE_VERSION + _with_length(b"brain.Event:2"), 0)

    def start(self, step: int) -> None:
        """Declare all events of earlier files from this step on void."""
        self._write(_SESSION_LOG + _with_length(_START), step)

    def add(self, step: int, scalars: Mapping[str, float]) -> None:
        """Write the scalars of one step."""
        values = b"".join(_VALUE + _with_length(_scalar(tag, value)) for tag, value in scalars.items())
        self._write(_SUMMARY + _with_length(values), step)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _write(self, content: bytes, step: int) -> None:
        event = _WALL_TIME + struct.pack("<d", time.time()) + _STEP + _varint(step) + content
        length = struct.pack("<Q", len(event))
        self._file.write(length + _masked_checksum(length) + event + _masked_checksum(event))


def _scalar(tag: str, value: float) -> bytes:
    # Unlike struct, array makes numbers beyond single precision infinite, as protocol buffers do.
    return _TAG + _with_length(tag.encode()) + _SIMPLE_VALUE + array("f", [value]).tobytes()


def _with_length(content: bytes) -> bytes:
    return _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; all bytes but the last have the highest bit set."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _masked_checksum(content: bytes) -> bytes:
    table, checksum = _checksums_of_bytes(), 0xFFFFFFFF
    for byte in content:
        checksum = table[(checksum ^ byte) & 0xFF] ^ checksum >> 8
    checksum ^= 0xFFFFFFFF
    return struct.pack("<I", ((checksum >> 15 | checksum << 17) + _MASK_DELTA) & 0xFFFFFFFF)


@cache
def _checksums_of_bytes() -> tuple[int, ...]:
    """CRC-32C of every byte: the remainder of its polynomial, bits in reverse."""
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return tuple(table)
