"""Baselines trained on little: what the tests of this folder share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from baselines.models.model import Model, Problem, Start
from baselines.models.topology import best_start
from baselines.registry import BASELINES
from baselines.train import fit
from baselines.training.examples import Examples, load_examples
from datafiles import published
from envs.images.classification import Classification
from wann.batch import Batch
from wann.champion import Champion, save_champion
from wann.genome import Genome, make_genome
from wann.network import compile_genome

Parts = dict[str, Examples]


def digits() -> Parts:
    """All of scikit-learn's digits."""
    return {part: load_examples("digits", "8x8", part) for part in ("train", "validation", "test")}


def some_mnist(count: int, inputs: str) -> Parts:
    """The first training images and 1,000 of each other part; skips where MNIST is not on this machine."""
    published("mnist")
    sizes = {"train": count, "validation": 1000, "test": 1000}
    return {part: load_examples("mnist", inputs, part).first(size) for part, size in sizes.items()}


def digits_genome() -> Genome:
    """40 hidden nodes that each see 12 pixels of an 8 x 8 picture, and outputs that see 20 of them."""
    rng = np.random.Generator(np.random.Philox(5))
    pixels = [(int(source), 75 + hidden) for hidden in range(40) for source in rng.choice(65, 12, replace=False)]
    hidden = [(int(75 + source), 65 + output) for output in range(10) for source in rng.choice(40, 20, replace=False)]
    edges = pixels + hidden
    activations = [1] * 75 + [int(code) for code in rng.choice([5, 7, 9], 40)]
    return make_genome(64, 10, activations, *zip(*edges, strict=True), [True] * len(edges))


def digits_topology() -> Start:
    """That genome's network, and the start of its training."""
    training = digits()["train"]
    return best_start(
        compile_genome(digits_genome()), (0.1,), Batch(training.inputs.T.numpy().copy(), training.labels.numpy())
    )


def trained(name: str, parts: Parts, epochs: int, seed: int = 0, start: Start | None = None, **changed: float) -> Model:
    """A baseline after some epochs of its own trainer, or one changed in something."""
    problem = Problem(parts["train"].inputs.shape[1], 10, start)
    trainer = replace(BASELINES[name].trainer, epochs=epochs, **changed)  # type: ignore[arg-type]
    return fit(name, problem, parts["train"], parts["validation"], trainer, seed)[0]


def digits_champion(directory: Path) -> Path:
    """A champion file with that topology."""
    task = Classification("digits", batch=None)
    names = [task.input_names, task.output_names]
    champion = Champion(
        digits_genome(), task.name, *names, (0.1,), {}, {}, 0, 0, "", {"dataset": "digits"}, task.preprocessing
    )
    path = directory / "champion.json"
    save_champion(path, champion)
    return path
