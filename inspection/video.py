"""An episode of a champion as MP4 or GIF, drawn by Gymnasium's renderer; no display is needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from envs.playing import CannotDraw, Episode
from inspection.drawing.gif import GifWriter
from inspection.policy import Played, Policy
from wann.champion import Champion
from wann.errors import UserError
from wann.extras import check_installed
from wann.files import PARTIAL, replacing

# Suffix to the packages that write such a file.
SUFFIXES = {".mp4": ("imageio", "imageio_ffmpeg"), ".gif": ("PIL",)}
_DEFAULT_FPS = 30


@dataclass(frozen=True)
class Film(Played):
    """A film and the episode that it shows; it has ``steps + 1`` frames."""

    path: Path


def record_video(
    champion: Champion | str | Path,
    path: str | Path,
    weight: float | None = None,
    seed: int = 0,
    max_steps: int | None = None,
) -> Film:
    """Film one whole episode of the reported task.

    Args:
        champion: the champion or its file.
        path: of the film, ``.mp4`` or ``.gif``; an existing film is replaced once the new one is complete.
        weight: shared by all connections; None for the champion's individual weights, or its best shared one.
        seed: of the episode.
        max_steps: length at which the film is cut.

    Raises:
        UserError: the suffix is unknown, a package is missing, the path cannot be written, or the champion or its
            environment cannot be shown. ``path`` is then unchanged.
    """
    path = Path(path)
    check_path(path)
    if max_steps is not None and max_steps < 1:
        raise UserError(key="max_steps", expected="at least 1", found=f"{max_steps}")
    policy = Policy(champion, weight)
    task = policy.task
    with without_display():
        try:
            with (
                replacing(path, f"{PARTIAL}{path.suffix}") as partial,
                Episode(task, policy.network, policy.setting, seed, render=True) as episode,
            ):
                first = _render(episode)
                with _writer(partial, _fps(episode)) as write:
                    write(first)
                    while not (episode.over or episode.steps == max_steps):
                        before = episode.steps
                        episode.step()
                        if episode.steps > before:  # else the network had no finite answer
                            write(_render(episode))
        except CannotDraw as error:
            raise UserError(
                key="video", expected=f"an environment of {task.name!r} that draws pictures", found=error.reason
            ) from error
        except OSError as error:
            raise UserError(
                place=path, expected="a path that can be written", found=f"{error.strerror or error}"
            ) from error
    return Film(episode.value, episode.steps, path)


def _fps(episode: Episode) -> float:
    return float(episode.environment.metadata.get("render_fps") or _DEFAULT_FPS)


def _render(episode: Episode) -> NDArray[np.uint8]:
    return np.asarray(cast(Any, episode.environment.render()), np.uint8)


def check_path(path: Path) -> None:
    """Refuse a path that no film can be written to, before one is made.

    Raises:
        UserError: another suffix, a package that is missing, or a path that cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        found = repr(path.suffix) if path.suffix else "none"
        raise UserError(place=path, expected=f"a film's suffix, {' or '.join(SUFFIXES)}", found=found)
    for package in SUFFIXES[suffix]:
        check_installed(package, f"a package that writes {suffix} files", extra="video", place=path)
    if path.is_dir():
        raise UserError(place=path, expected="the path of a film", found="a directory")
    if not path.parent.is_dir():
        raise UserError(place=path, expected="a directory to write to", found=f"no {path.parent}")


@contextmanager
def _writer(path: Path, fps: float) -> Iterator[Callable[[NDArray[np.uint8]], None]]:
    """A function that appends one frame to the file; the film is never in memory as a whole."""
    if path.suffix.lower() == ".gif":
        with GifWriter(path, fps) as gif:
            yield gif.write
        return
    import imageio.v2 as imageio

    # Only make the sides even, which is all that the codec requires.
    mp4: Any = imageio.get_writer(path, format="FFMPEG", mode="I", fps=fps, codec="libx264", macro_block_size=2)
    try:
        yield mp4.append_data
    finally:
        mp4.close()  # its own context leaves the encoder running after an error


@contextmanager
def without_display() -> Iterator[None]:
    """A context in which renderers draw into memory: pygame opens no screen and no loudspeaker, and prints nothing."""
    wanted = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    added = [name for name in wanted if name not in os.environ]
    os.environ.update({name: wanted[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
