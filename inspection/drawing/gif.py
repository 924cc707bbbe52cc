"""GIFs written frame by frame, so that a long film is never in memory. Equal successive frames are kept.

(Pillow's own writer keeps all frames until the end, and merges those that are equal.)
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

# Extension for an animation that loops forever.
_WITHOUT_END = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"


class GifWriter:
    """A GIF at ``path``, complete once its context is left; frames are [H, W, 3], all of one size."""

    def __init__(self, path: Path, fps: float) -> None:
        # A GIF counts in hundredths of a second, and viewers slow down frames shorter than two.
        self._milliseconds = 10 * max(2, round(100 / fps))
        self._before: NDArray[np.uint8] | None = None
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            self._file.write(b";")

    def write(self, frame: NDArray[np.uint8]) -> None:
        from PIL import Image
        from PIL.GifImagePlugin import getdata

        if self._before is None:
            height, width = (side.to_bytes(2, "little") for side in frame.shape[:2])
            # No global colour table: each frame has its own.
            self._file.write(b"GIF89a" + width + height + b"\x70\x00\x00" + _WITHOUT_END)
        top, bottom, left, right = _changed(self._before, frame)
        image = Image.fromarray(np.ascontiguousarray(frame[top:bottom, left:right])).quantize(256)
        for part in getdata(image, (left, top), duration=self._milliseconds, include_color_table=True):
            self._file.write(part)
        self._before = frame


def _changed(before: NDArray[np.uint8] | None, frame: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """First and end rows and columns of the rectangle in which a frame differs; at least one pixel."""
    if before is None:
        return 0, frame.shape[0], 0, frame.shape[1]
    differs = (before != frame).any(axis=2)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return 0, 1, 0, 1
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
