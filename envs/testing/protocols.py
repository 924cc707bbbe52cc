"""The checks of a task's optional abilities: the small protocols of `envs.task`."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from envs.task import (
    ChoosesInputs,
    HasEnsemble,
    HasGradients,
    HasJudging,
    LoadsData,
    Observes,
    Playable,
    PlaysOracleTogether,
    PlaysTogether,
    Preprocessed,
    ReadsFiles,
    SafeInDriver,
    modules_of,
    options_of,
    sight_of,
)
from envs.testing.networks import random_genome
from envs.testing.sample import SEEDS, SHARED, Sample, expect
from wann.genome import Genome


def check_protocols(sample: Sample) -> None:
    """The task fulfils each of the small protocols of `envs.task` that it claims."""
    task = sample.task
    for module in modules_of(task):
        import_module(module)
    if isinstance(task, SafeInDriver):
        expect(isinstance(task.safe_at_home, bool), f"{task.name}: expected safe_at_home to be true or false")
    if isinstance(task, PlaysTogether):
        _check_count(task.name, "episodes_together", task.episodes_together)
    if isinstance(task, PlaysOracleTogether):
        _check_count(task.name, "oracle_together", task.oracle_together)
    if isinstance(task, ChoosesInputs):
        choice, options = task.input_choice, options_of(sample.task)
        expect(choice in options, f"{sample.task.name}: expected input_choice to name an option, found {choice!r}")
    if isinstance(task, LoadsData):
        task.load()
    if isinstance(task, ReadsFiles):
        _check_files(task.name, task.data_files())
    if isinstance(task, Preprocessed):
        _check_plain(task.name, "preprocessing", task.preprocessing)
    if isinstance(task, HasEnsemble):
        _check_plain(task.name, "ensemble", task.ensemble(sample.networks[0], SHARED))
    if isinstance(task, HasJudging):
        _check_plain(task.name, "judge", task.judge(sample.networks[0], SHARED))
    if isinstance(task, HasGradients):
        _check_gradients(sample, task)
    if isinstance(task, Playable):
        _check_play(task)
    if isinstance(task, Observes):
        found = np.asarray(task.observe(sample.networks[0], 1.0, 3))
        fits = found.ndim == 2 and found.shape[1] == sample.task.num_inputs and bool(np.isfinite(found).all())
        expect(fits, f"{sample.task.name}: expected finite inputs [T, I] of observe, found {list(found.shape)}")


def _check_count(name: str, member: str, value: object) -> None:
    expect(isinstance(value, int) and value >= 1, f"{name}: expected {member} from 1, found {value!r}")


def _check_files(name: str, files: dict[str, bytes]) -> None:
    for file, content in files.items():
        path = PurePosixPath(file)
        inside = not path.is_absolute() and ".." not in path.parts
        expect(inside, f"{name}: expected data_files named below the cache directory, found {file!r}")
        expect(isinstance(content, bytes), f"{name}: expected bytes for {file!r}, found {type(content).__name__}")


def _check_plain(name: str, member: str, value: object) -> None:
    try:
        same = json.loads(json.dumps(value, allow_nan=False)) == value
    except (TypeError, ValueError):
        same = False
    expect(same, f"{name}: expected plain JSON values of {member}, found {value!r}")


def _check_gradients(sample: Sample, of: HasGradients) -> None:
    task = sample.task
    genome: Genome = random_genome(task.num_inputs, task.num_outputs, sample.rng(4), max_hidden=3)
    ends = np.arange(1 + task.num_inputs), np.arange(1 + task.num_inputs, 1 + task.num_inputs + task.num_outputs)
    found = of.gradients(genome, SHARED, SEEDS, [ends])
    for order, matrix in (("first", found.first), ("second", found.second)):
        values: NDArray = np.asarray(matrix)[np.ix_(*ends)]
        expect(
            bool(np.isfinite(values).all()),
            f"{task.name}: expected finite {order} derivatives of gradients, found others",
        )


def _check_play(task: Playable) -> None:
    """The task can be played for a few steps in Gymnasium's environment."""
    environment, sight = task.make_environment(), sight_of(task)
    try:
        observation, _ = environment.reset(seed=3)
        for _ in range(3):
            inputs = sight(np.asarray(observation)[None])
            expected = [1, task.num_inputs]
            found = list(np.shape(inputs))
            expect(found == expected, f"{task.name}: expected inputs {expected} of inputs_of, found {found}")
            [action] = task.actions_of(np.zeros((1, task.num_outputs)))
            observation, _, terminated, truncated, _ = environment.step(action)
            if terminated or truncated:
                break
    finally:
        environment.close()
