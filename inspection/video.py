"""A champion plays one episode in Gymnasium's renderer, into an MP4 or a GIF; no display is needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from envs.playing import Episode
from envs.registry import task_of_champion
from envs.task import Playable
from inspection.drawing.gif import GifWriter
from wann.champion import Champion, load_champion
from wann.errors import UserError
from wann.files import PARTIAL, replacing
from wann.network import compile_genome

# Suffix to the packages that write such a file.
SUFFIXES = {".mp4": ("imageio", "imageio_ffmpeg"), ".gif": ("PIL",)}
_INSTALL = 'pip install "weight-agnostic-search[video]"'
_DEFAULT_FPS = 30


@dataclass(frozen=True)
class Played:
    """The episode that a film shows; it has ``steps + 1`` frames."""

    path: Path
    value: float  # undiscounted return; NaN if the episode ended in something not finite
    steps: int


def record_video(
    champion: Champion | str | Path,
    path: str | Path,
    weight: float | None = None,
    seed: int = 0,
    max_steps: int | None = None,
) -> Played:
    """Film one whole episode, as reports count it.

    Args:
        champion: or its file.
        path: of the film, ``.mp4`` or ``.gif``; a film that stands there is replaced once the new one is complete.
        weight: shared by all connections; None for the champion's individual weights.
        seed: of the episode.
        max_steps: length at which the film is cut.

    Raises:
        UserError: another suffix, a package that is missing, a path that cannot be written, or a champion that
            cannot be shown; nothing is left at ``path`` that was not there.
    """
    from gymnasium.error import DependencyNotInstalled

    path = Path(path)
    check_path(path)
    if max_steps is not None and max_steps < 1:
        raise UserError(f"max_steps: expected at least 1, found {max_steps}")
    if not isinstance(champion, Champion):
        champion = load_champion(champion)
    task, setting = _task_of(champion), _setting(champion, weight)
    with without_display():
        try:
            with (
                replacing(path, f"{PARTIAL}{path.suffix}") as partial,
                Episode(task, compile_genome(champion.genome), setting, seed, render_mode="rgb_array") as episode,
            ):
                first = _render(episode)
                with _writer(partial, _fps(episode)) as write:
                    write(first)
                    while not (episode.over or episode.steps == max_steps):
                        before = episode.steps
                        episode.step()
                        if episode.steps > before:  # else the network had no finite answer
                            write(_render(episode))
        except DependencyNotInstalled as error:
            raise UserError(f"video: the renderer needs a package that is not installed: {error}") from error
        except OSError as error:
            raise UserError(f"{path}: expected a path that can be written, found: {error.strerror or error}") from error
    return Played(path, episode.value, episode.steps)


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
        found = f"found {path.suffix!r}" if path.suffix else "found none"
        raise UserError(f"{path}: expected a film's suffix, {' or '.join(SUFFIXES)}, {found}")
    for package in SUFFIXES[suffix]:
        if find_spec(package) is None:
            raise UserError(f"{path}: expected what writes {suffix} files, found no package {package!r}; {_INSTALL}")
    if path.is_dir():
        raise UserError(f"{path}: expected the path of a film, found a directory")
    if not path.parent.is_dir():
        raise UserError(f"{path}: expected a directory to write to, found no {path.parent}")


def _task_of(champion: Champion) -> Playable:
    """The task as it is reported, in Gymnasium whatever stepped the search."""
    task = task_of_champion(champion, simulator="gymnasium")
    if not isinstance(task, Playable):
        raise UserError(
            expected="a task with an environment that can be shown", found=repr(champion.task), key="champion"
        )
    return task.reported


def _setting(champion: Champion, weight: float | None) -> NDArray[np.float64]:
    """[1] the shared weight, or [1, E] the champion's own ones."""
    if weight is not None:
        if not np.isfinite(weight):
            raise UserError(f"weight: expected a finite number, found {weight}")
        return np.array([weight], np.float64)
    if champion.individual_weights is None:
        raise UserError("weight: expected a shared weight, found none, and the champion has no weights of its own")
    return np.array([champion.individual_weights], np.float64)


@contextmanager
def _writer(path: Path, fps: float) -> Iterator[Callable[[NDArray[np.uint8]], None]]:
    """Frames go to the file one by one: a film is never in memory as a whole."""
    if path.suffix.lower() == ".gif":
        with GifWriter(path, fps) as gif:
            yield gif.write
        return
    import imageio.v2 as imageio

    # Sides are made even, which is all that the codec asks for.
    mp4: Any = imageio.get_writer(path, format="FFMPEG", mode="I", fps=fps, codec="libx264", macro_block_size=2)
    try:
        yield mp4.append_data
    finally:
        mp4.close()  # its own context leaves the encoder running after an error


@contextmanager
def without_display() -> Iterator[None]:
    """Renderers draw into memory; pygame is not to look for a screen, a loudspeaker or a place to greet."""
    wanted = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    added = [name for name in wanted if name not in os.environ]
    os.environ.update({name: wanted[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
