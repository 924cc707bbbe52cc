"""The table of classifiers: champions at shared weights and with trained ones, and the models of the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.comparison.cells import Cell, Table
from baselines.comparison.comparison_options import QUICK_BASELINES, ComparisonOptions
from baselines.comparison.contestants import HIGH, LOW, Progress
from baselines.comparison.entrants import Entrant
from baselines.comparison.store import Store
from baselines.registry import BASELINES
from baselines.training_options import TrainingOptions, check_fits, inputs_taken
from envs.images.classification import Classification
from envs.task import options_of
from evolution.shared_weight import weight_grid
from wann.batch import shared_weight_logits
from wann.network import Networks, compile_genome
from wann.randomness import Purpose, keyed_rng

_ABOUT = {
    "random_individual": "random weights",
    "random_shared": "random shared weight",
    "best_shared": "best shared weight",
    "vote": "vote of the swept weights",
}


def measure_classifiers(
    group: Sequence[Entrant],
    options: ComparisonOptions,
    store: Store,
    stopped: Callable[[], bool],
    progress: Progress,
    begin: Callable[[Table], None],
    write: Callable[[], None],
) -> None:
    """Measure all champions of one dataset and kind of inputs, and the baselines on the same.

    Args:
        group: champions of one task.
        options: of the comparison; ``episodes`` is the number of random settings.
        store: of finished cells.
        stopped: whether to leave the rest for later.
        progress: told of every batch of a training.
        begin: given the table, which is then filled.
        write: called after each cell.
    """
    task = group[0].task
    assert isinstance(task, Classification)
    jobs = [job for number, entrant in enumerate(group) for job in _champion_jobs(number, entrant, task, options)]
    jobs += _baseline_jobs(group, task, options, progress)
    table = Table(task.name, options_of(task), {}, [waiting for _, waiting, _ in jobs])
    begin(table)
    for row, (name, _, measure) in enumerate(jobs):
        if stopped():
            return
        cell = store.cell(name)
        if cell is None:
            cell = measure()
            store.keep(name, cell)
        table.cells[row] = cell
        write()


# The name of a cell's file, the cell before it is measured, and how it is measured.
_Job = tuple[str, Cell, Callable[[], Cell]]


def _champion_jobs(number: int, entrant: Entrant, task: Classification, options: ComparisonOptions) -> list[_Job]:
    genome, network = entrant.champion.genome, compile_genome(entrant.champion.genome)
    networks, swept = Networks.of([network]), np.array(entrant.champion.weights or (1.0,), np.float64)

    def rng(draw: int) -> np.random.Generator:
        return keyed_rng(options.seed, Purpose.COMPARISON, number, draw)

    def cell(setting: str, values: NDArray[np.float64], unit: str, **facts: Any) -> Cell:
        return Cell(entrant.label, setting, _ABOUT[setting], values, unit, facts)

    def random_individual() -> Cell:
        weights = rng(0).uniform(LOW, HIGH, (options.episodes, genome.num_enabled))
        values = task.evaluate(networks, [weights], [0]).values.ravel()
        return cell("random_individual", values, "settings", low=LOW, high=HIGH)

    def random_shared() -> Cell:
        weights = rng(1).uniform(LOW, HIGH, options.episodes)
        values = task.evaluate(networks, weights, [0]).values.ravel()
        return cell("random_shared", values, "settings", low=LOW, high=HIGH)

    def best_shared() -> Cell:
        """Chosen on the validation part."""
        weights = np.union1d(weight_grid(LOW, HIGH), swept)
        found = task.reported.evaluate(networks, weights, [0]).values.ravel()
        weight = float(weights[found.argmax()])
        return cell(
            "best_shared", _right(_chosen(task, networks, np.array([weight]))[0], task), "images", weight=weight
        )

    def vote() -> Cell:
        chosen = _chosen(task, networks, swept)
        votes = (chosen[:, None] == np.arange(task.num_outputs)[:, None]).sum(axis=0)
        return cell("vote", _right(votes.argmax(axis=0), task), "images", weights=swept.tolist())

    measures = {
        "random_individual": random_individual,
        "random_shared": random_shared,
        "best_shared": best_shared,
        "vote": vote,
    }
    units = {"random_individual": "settings", "random_shared": "settings"}
    return [
        (f"champion.{entrant.file_name}.{setting}", cell(setting, np.zeros(0), units.get(setting, "images")), measure)
        for setting, measure in measures.items()
    ]


def _chosen(task: Classification, networks: Networks, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """The class of each test image at each shared weight, [W, B]."""
    return shared_weight_logits(networks, weights, task.batch_of(0))[0].argmax(axis=1)


def _right(chosen: NDArray[np.int64], task: Classification) -> NDArray[np.float64]:
    """Scores [B]: 100 if the class of a test image is its label, else 0."""
    return 100.0 * (chosen == task.batch_of(0).labels)


def _baseline_jobs(
    group: Sequence[Entrant], task: Classification, options: ComparisonOptions, progress: Progress
) -> list[_Job]:
    jobs: list[_Job] = []
    for name in options.baselines or QUICK_BASELINES:
        for entrant in group if BASELINES[name].takes_champion else (None,):
            training = _training_of(name, entrant, task, options)
            label = name if entrant is None else entrant.label
            about = "trained weights" if entrant is None else f"weights trained by {BASELINES[name].trainer.trained_by}"
            file_name = f"baseline.{name}.{(entrant or group[0]).file_name}"
            waiting = Cell(label, name, about, np.zeros(0), "images")
            jobs.append((file_name, waiting, partial(_train, training, waiting, progress)))
    return jobs


def _training_of(
    name: str, entrant: Entrant | None, task: Classification, options: ComparisonOptions
) -> TrainingOptions:
    """The options of a baseline's training, on the champions' own inputs where it takes them."""
    training = TrainingOptions(
        name,
        options.out,
        task.dataset,
        "auto" if entrant is None else task.inputs,
        options.seed,
        champion=None if entrant is None else str(entrant.path),
        device="cpu",
    )
    taken = inputs_taken(training)
    return check_fits(replace(training, inputs=task.inputs if task.inputs in taken or not taken else taken[0]))


def _train(options: TrainingOptions, waiting: Cell, progress: Progress) -> Cell:
    """Train a baseline, and return its results on the test images."""
    import torch

    from baselines.train import train
    from baselines.training.examples import load_examples

    label = f"{waiting.network}, {waiting.setting}"
    result = train(options, lambda done, total, note: progress(label, done, total, note))
    test = load_examples(options.dataset, options.inputs, "test")
    with torch.inference_mode():
        weights = result.model.weights()
        logits = torch.cat([result.model.logits(block, weights) for block in test.inputs.split(1000)])
    values = 100.0 * (logits.argmax(1) == test.labels).numpy()
    facts = {
        "inputs": options.inputs,
        "parameters": result.model.num_parameters,
        "epochs": result.trained.epochs,
        "best_epoch": result.trained.best_epoch,
        "validation": result.trained.validation.accuracy,
        "connections": result.model.num_connections,
    }
    return replace(waiting, values=values, facts=facts)
