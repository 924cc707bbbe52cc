"""The drawing pad: converting strokes to a dataset's pictures, sample pictures, and accuracies by class and weight."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.images.classification import Classification
from envs.images.dataset import Dataset, load_images
from envs.images.inputs import DESKEWED, smallest_difference
from inspection.live.part import LivePart
from inspection.live.settings import sweep_of, thinned
from wann.batch import Batch
from wann.champion import Champion
from wann.errors import UserError
from wann.network import Network, compile_genome
from wann.oracle import forward

_SAMPLES = 3  # pictures of each class
_MOST_WEIGHTS = 8
_BLOCK = 1000  # pictures that the oracle computes at once


def pad_part(champion: Champion, task: Classification, seed: int) -> LivePart | None:
    """The pad of a classifier. If the dataset is not available, it has no sample pictures.

    None for a dataset whose pictures cannot be drawn by hand, such as photographs.
    """
    ink = task.described.ink
    if ink is None:
        return None
    weights = sweep_of(champion, _MOST_WEIGHTS)
    try:
        samples: dict[str, Any] | None = _samples(task.described, seed)
        accuracy: dict[str, Any] | None = _accuracy(champion, task, weights)
    except UserError:
        samples, accuracy = None, _stored_accuracy(champion)
    return LivePart(
        kind="pad",
        data={
            "dataset": task.dataset,
            "side": task.described.shape[0],
            "input_side": task.picture_shape[0],
            "deskew": task.inputs == DESKEWED,
            "unit": smallest_difference(task.num_inputs),
            "drawing": asdict(ink),
            "classes": list(task.output_names),
            "weights": weights,
            "samples": samples,
            "accuracy": accuracy,
        },
        scripts=("live_controls.js", "live_images.js", "live_pad.js"),
    )


def _samples(dataset: Dataset, seed: int) -> dict[str, Any]:
    """Some pictures of each class of the test part, as base64 of bytes [n, side, side], and their labels [n]."""
    images = load_images(dataset)["test"]
    rng = np.random.Generator(np.random.Philox(seed))
    rows = np.concatenate(
        [
            rng.choice(np.flatnonzero(images.labels == label), _SAMPLES, replace=False)
            for label in range(len(dataset.classes))
        ]
    )
    pixels = np.ascontiguousarray(images.pixels[rows], np.uint8)
    return {"pixels": base64.b64encode(pixels.tobytes()).decode("ascii"), "labels": images.labels[rows].tolist()}


def _accuracy(champion: Champion, task: Classification, weights: list[float]) -> dict[str, Any]:
    """Percent of the test part, ``values`` [O, W] and ``all`` [W]; W is 1 for a champion's individual weights."""
    network, test = compile_genome(champion.genome), task.untouched
    labels = test.batch_of(0).labels
    if champion.individual_weights is None:
        found = test.ensemble(network, np.array(weights))["per_class"]
        values = np.array([found[name]["by_weight"] for name in task.output_names])
    else:
        right = _chosen_by_oracle(network, champion.individual_weights, test.batch_of(0)) == labels
        values = np.array([[100 * right[labels == label].mean()] for label in range(task.num_outputs)])
    shares = np.bincount(labels, minlength=task.num_outputs) / len(labels)
    return {
        "weights": weights if champion.individual_weights is None else None,
        "values": values.tolist(),
        "all": (shares @ values).tolist(),
    }


def _chosen_by_oracle(network: Network, weights: tuple[float, ...], batch: Batch) -> NDArray[np.int64]:
    """Classes [B] by the oracle, some pictures at a time."""
    parts = np.split(np.asarray(batch.inputs).T, range(_BLOCK, len(batch), _BLOCK))
    return np.concatenate([forward(network, [weights], part)[0].argmax(axis=1) for part in parts])


def _stored_accuracy(champion: Champion) -> dict[str, Any] | None:
    """The accuracies in the champion's file for its own sweep; None if they are incomplete."""
    per_class = champion.returns.get("per_class")
    try:
        rows = [[float(value) for value in per_class[name]["by_weight"]] for name in champion.output_names]  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return None
    if any(len(row) != len(champion.weights) for row in rows) or not champion.weights:
        return None
    shown = thinned(champion.weights, _MOST_WEIGHTS)
    columns = [champion.weights.index(weight) for weight in shown]
    return {"weights": shown, "values": [[row[column] for column in columns] for row in rows], "all": None}
