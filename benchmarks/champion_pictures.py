"""Pictures of docs/champions.md: ``python -m benchmarks.champion_pictures docs/champions/NAME.json ...``.

Each champion gets three pictures in ``--out``: ``NAME_network.svg`` (``.png`` if it is large), ``NAME_weights.svg``,
its return against the shared weight on fresh episodes, and ``NAME_film.png``, frames of one episode of Gymnasium at its
best shared weight.
"""

from __future__ import annotations

import argparse
import sys
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from envs.playing import Episode
from envs.registry import task_of_champion
from experiment.terminal.command_line import exit_status
from inspection.drawing.diagram import draw_network
from inspection.drawing.picture_files import png_of
from inspection.policy import Policy
from inspection.video import without_display
from inspection.weight_curve import draw_weight_curve, measure_weight_curve
from wann.champion import Champion, load_champion
from wann.network import compile_genome

MOST_IN_SVG = 120  # connections; the SVG of more is larger than a PNG
WIDTH, NETWORK_WIDTH = 240, 1100  # pixels: of a frame, and of a network's PNG
EVERY = 10  # steps between two frames that a strip is chosen from


def pictures_of(champion: Champion, name: str, out: Path, episodes: int, frames: int, seed: int) -> None:
    """Write the pictures of a champion."""
    network = compile_genome(champion.genome)
    diagram = draw_network(network, champion.input_names, champion.output_names)
    if network.num_connections <= MOST_IN_SVG:
        (out / f"{name}_network.svg").write_text(diagram)
    else:
        _save(out / f"{name}_network.png", Image.open(BytesIO(png_of(diagram, NETWORK_WIDTH))).convert("RGB"), 32)
    curve = measure_weight_curve(champion, task_of_champion(champion), seed, episodes)
    (out / f"{name}_weights.svg").write_text(draw_weight_curve(curve))
    _save(out / f"{name}_film.png", Image.fromarray(film(champion, frames, seed)), 64)


def film(champion: Champion, frames: int, seed: int) -> NDArray[np.uint8]:
    """``frames`` pictures of one episode side by side, the first at its start, and closer to each other there."""
    policy = Policy(champion)
    shown: list[NDArray[np.uint8]] = []
    with without_display(), Episode(policy.task, policy.network, policy.setting, seed, render=True) as episode:
        while not episode.over:
            if episode.steps % EVERY == 0:
                shown.append(_picture(episode))
            episode.step()
    chosen = np.round((len(shown) - 1) * np.linspace(0, 1, frames) ** 2).astype(int)
    return np.concatenate([shown[index] for index in chosen.tolist()], axis=1)


def _picture(episode: Episode) -> NDArray[np.uint8]:
    """The frame, `WIDTH` pixels wide."""
    image = Image.fromarray(np.asarray(cast(Any, episode.environment.render()), np.uint8))
    return np.asarray(image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS))


def _save(path: Path, image: Image.Image, colours: int) -> None:
    image.quantize(colours).save(path, optimize=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.champion_pictures", description=__doc__)
    parser.add_argument("champions", type=Path, nargs="+", metavar="CHAMPION")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/champions"))
    parser.add_argument("--episodes", type=int, default=32, help="for each weight of the curve (%(default)s)")
    parser.add_argument("--frames", type=int, default=6, help="in a strip (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the episodes (%(default)s)")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for path in options.champions:
        champion = load_champion(path)
        pictures_of(champion, path.stem, options.out, options.episodes, options.frames, options.seed)
        print(f"{path.stem}: {options.out}/{path.stem}_*", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.champion_pictures", lambda: main(sys.argv[1:])))
