"""The trainings behind the tables of sequence models: ``python -m benchmarks.sequence_trainings DIR [NAME ...]``.

Each recipe is trained with seeds 0 to 2, one after another on one processor, by `compare_baselines.py`, into
DIR/NAME-SEED. What is finished there is left alone, and what was interrupted goes on. `benchmarks.sequence_results`
prints the tables.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from experiment.terminal.command_line import exit_status
from wann.errors import UserError, did_you_mean

ROOT = Path(__file__).resolve().parent.parent
SEEDS = 3
# Associative retrieval as published by Ba et al. 2016, and the layers around their models.
_RETRIEVAL = {
    "task.published": "true",
    **{"task.keys": "26", "task.values": "10", "task.shortest": "4", "task.longest": "4"},
    **{"model.embedding": "100", "model.readout": "100"},
}
# Retrieval: updates are large and of like sizes.
_LARGE = {"training.learning_rate": "0.01", "training.clip": "0.1"}
# Answers go to and fro, so their mean is kept.
_STEADY = {
    **_LARGE,
    "training.batch": "512",
    "training.average": "0.998",
    "training.validation": "2048",
    "training.patience": "60",
    "training.tests": "10000",
}
# States of fast weights fade slowly. With 20 units keys get the same code where fast weights outweigh inputs.
_FADING = {"model.decay": "0.95"}
_LIGHT = {**_FADING, "model.rate": "0.1"}
# Text of half a million characters, of which models learn too much without dropout.
_TEXT = {
    **{"training.batch": "32", "training.learning_rate": "0.04", "training.clip": "0.1", "training.average": "0.99"},
    "model.dropout": "0.1",
}
# Layer norms as in the baseline of the HyperLSTM's paper.
_SUMS = {"model.normalised": "sums"}
# The mixture of the Neural Programmer's paper.
_VALUES = {"model.mixed": "values", "training.batch": "128", "training.patience": "80"}


@dataclass(frozen=True)
class Recipe:
    """One training: a model, a task, its updates, and settings that are not the defaults."""

    baseline: str
    task: str
    updates: int
    settings: Mapping[str, str] = field(default_factory=dict)

    def command(self, seed: int) -> list[str]:
        """The words behind ``compare_baselines.py``, without a directory."""
        words = ["--baseline", self.baseline, "--task", self.task, "--updates", str(self.updates), "--seed", str(seed)]
        return [*words, *(word for key, value in self.settings.items() for word in ("--set", f"{key}={value}"))]


def _retrieval(baseline: str, hidden: int, updates: int, **settings: str) -> Recipe:
    return Recipe(baseline, "associative_retrieval", updates, {**_RETRIEVAL, "model.hidden": str(hidden), **settings})


def _glimpses(baseline: str) -> Recipe:
    return Recipe(baseline, "glimpses", 3000, {"model.hidden": "50", "model.readout": "100"})


def _characters(baseline: str, updates: int, **settings: str) -> Recipe:
    return Recipe(baseline, "characters", updates, {**_TEXT, **settings})


RECIPES: dict[str, Recipe] = {
    "ntm_copy": Recipe("ntm", "copy_vectors", 2000, {"training.clip": "0.1", "training.average": "0.98"}),
    "lstm_copy": Recipe("lstm", "copy_vectors", 3000, {"training.batch": "32"}),
    "programmer": Recipe("neural_programmer", "arithmetic", 1000),
    "programmer_of_values": Recipe("neural_programmer", "arithmetic", 8000, _VALUES),
    "lstm_arithmetic": Recipe("lstm", "arithmetic", 5000),
    "fast_weights_50": _retrieval("fast_weights", 50, 3000, **_FADING, **_LARGE),
    "fast_weights_20": _retrieval("fast_weights", 20, 10000, **_LIGHT, **_STEADY),
    "lstm_20": _retrieval("lstm", 20, 10000, **_STEADY),
    "lstm_50": _retrieval("lstm", 50, 10000, **_STEADY),
    "irnn_50": _retrieval("irnn", 50, 5000),
    "attention_dates": Recipe("attention", "dates", 800),
    "no_attention_dates": Recipe("attention", "dates", 800, {"model.attention": "false"}),
    "attention_reverse": Recipe("attention", "reverse", 1500),
    "act_8": Recipe("act", "vector_parity", 3000),
    "ten_steps_8": Recipe("act", "vector_parity", 1500, {"model.steps": "10"}),
    "hyper_lstm_characters": _characters("hyper_lstm", 800),
    "normed_sums_lstm_characters": _characters("layer_norm_lstm", 800, **_SUMS),
    "normed_sums_lstm_characters_equal_time": _characters("layer_norm_lstm", 1600, **_SUMS),
    "layer_norm_lstm_characters": _characters("layer_norm_lstm", 800),
    "fast_weights_glimpses": _glimpses("fast_weights"),
    "lstm_glimpses": _glimpses("lstm"),
    "irnn_glimpses": _glimpses("irnn"),
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        print("python -m benchmarks.sequence_trainings DIR [NAME ...]", file=sys.stderr)
        return 2
    for name in arguments[1:]:
        if name not in RECIPES:
            raise UserError(expected="a recipe", found=f"{name!r}{did_you_mean(name, RECIPES)}")
    for directory, words in _open(Path(arguments[0]), arguments[1:] or list(RECIPES)):
        print(f"{directory.name}: compare_baselines.py {' '.join(words)}", flush=True)
        status = subprocess.run([sys.executable, ROOT / "compare_baselines.py", *words], check=False).returncode
        if status:
            return status
    return 0


def _open(root: Path, names: list[str]) -> Iterator[tuple[Path, list[str]]]:
    """Directories of trainings that are not finished, and the words of their commands."""
    for seed in range(SEEDS):
        for name in names:
            directory = root / f"{name}-{seed}"
            if (directory / "results.json").exists():
                continue
            words = [*RECIPES[name].command(seed), "--device", "cpu", "--out", str(directory)]
            yield directory, words + ["--resume"] * (directory / "training.safetensors").exists()


if __name__ == "__main__":
    sys.exit(exit_status("benchmarks.sequence_trainings", lambda: main(sys.argv[1:])))
