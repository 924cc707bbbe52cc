"""Pictures of an invertible network: ``python -m benchmarks.invertible_pictures MODEL.safetensors PICTURE.png``.

Rows: test images, the first of each class; the same, from their features by inversion; a straight way between the
features of a 3 and those of an 8, each step inverted; and the straight way between their pixels. The largest error of a
pixel is printed by iterations of the fixed point.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from torch import Tensor

from baselines.model_file import load_model
from baselines.models.invertible import InvertibleNetwork
from baselines.training.examples import Examples, load_examples
from experiment.terminal.command_line import exit_status
from wann.errors import UserError
from wann.torch.device import one_thread

ITERATIONS = (5, 10, 20, 50, 100)
STEPS = 10  # of a way between two images


def rows_of(model: InvertibleNetwork, examples: Examples) -> dict[str, Tensor]:
    """Rows of ten pictures [10, I] by what they are."""
    first = [int((examples.labels == label).nonzero()[0]) for label in range(10)]
    images, weights = examples.inputs[first], model.weights()
    features = model.features(images, weights)
    shares = torch.linspace(0, 1, STEPS)[:, None]
    way = features[3] + shares * (features[8] - features[3])
    return {
        "images": images,
        "inverted": model.inverse(features, weights),
        "features of 3 to 8": model.inverse(way, weights),
        "pixels of 3 to 8": images[3] + shares * (images[8] - images[3]),
    }


def draw(rows: dict[str, Tensor], path: Path) -> None:
    side = round(len(rows["images"][0]) ** 0.5)
    with mpl.rc_context({"font.size": 8}):
        figure = Figure(figsize=(6.4, 0.62 * len(rows)), layout="constrained")
        panels = figure.subplots(len(rows), STEPS)
        for (name, pictures), line in zip(rows.items(), panels, strict=True):
            line[0].set_ylabel(name, rotation=0, ha="right", va="center")
            for picture, axes in zip(pictures, line, strict=True):
                axes.imshow(picture.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
                axes.set_xticks([])
                axes.set_yticks([])
        figure.savefig(path, dpi=130, metadata={"Software": None} if path.suffix == ".png" else None)


def print_errors(model: InvertibleNetwork, inputs: Tensor) -> None:
    weights = model.weights()
    features = model.features(inputs, weights)
    print("| iterations of a block | largest error of a pixel |\n|--:|--:|")
    for iterations in ITERATIONS:
        error = (model.inverse(features, weights, iterations) - inputs).abs().max()
        print(f"| {iterations} | {error:.1e} |")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.invertible_pictures", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("picture", type=Path)
    options = parser.parse_args(arguments)
    model, made = load_model(options.model)
    if not isinstance(model, InvertibleNetwork):
        raise UserError(place=options.model, expected="an invertible network", found=f"a model of {made['baseline']}")
    examples = load_examples(made["dataset"], made["inputs"], "test")
    with torch.inference_mode(), one_thread("cpu"):
        draw(rows_of(model, examples), options.picture)
        print_errors(model, examples.inputs)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.invertible_pictures", lambda: main(sys.argv[1:])))
