"""Files of pictures: SVG as it is, and PNG drawn from it with the same font on every machine."""

from __future__ import annotations

import math
import re
from importlib.util import find_spec
from pathlib import Path

from wann.errors import UserError
from wann.extras import check_installed

_PNG_WIDTH = 1600  # pixels
# Larger pictures, such as a network of 500 inputs, are drawn narrower: they would take minutes and stop viewers.
_MOST_PIXELS = 8_000_000


def save_picture(directory: Path, name: str, svg: str) -> list[Path]:
    """Write ``NAME.svg`` and ``NAME.png``.

    Raises:
        UserError: the package that draws PNG is missing, or the files cannot be written.
    """
    paths = [directory / f"{name}.svg", directory / f"{name}.png"]
    try:
        paths[0].write_text(svg, encoding="utf-8", newline="\n")
        paths[1].write_bytes(png_of(svg))
    except OSError as error:
        raise UserError(
            place=directory, expected="a directory to write to", found=f"{error.strerror or error}"
        ) from error
    return paths


def png_of(svg: str, width: int = _PNG_WIDTH) -> bytes:
    """The SVG drawn ``width`` pixels wide, or narrower if it would have more than `_MOST_PIXELS`.

    Raises:
        UserError: the package that draws is missing.
    """
    check_installed("resvg_py", "a package that draws PNG files", extra="inspect", key="pictures")
    import resvg_py

    fonts = _fonts()
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            width=min(width, _widest(svg)),
            skip_system_fonts=bool(fonts),
            font_files=fonts,
            font_family="DejaVu Sans",
            sans_serif_family="DejaVu Sans",
        )
    )


def _widest(svg: str) -> int:
    """The width at which a picture has `_MOST_PIXELS`."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    across, down = map(float, found.groups()) if found else (1.0, 1.0)
    return int(math.sqrt(_MOST_PIXELS * across / down))


def _fonts() -> list[str]:
    """Font files of Matplotlib, so that a machine without fonts draws the same; none where it is not installed."""
    spec = find_spec("matplotlib")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "mpl-data" / "fonts" / "ttf"
        found = [str(folder / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf") if (folder / name).is_file()]
        if found:
            return found
    return []
