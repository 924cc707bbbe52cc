"""The champions of sequence tasks, judged again on the sequences of every judging length."""

import numpy as np
import pytest

from envs.registry import task_of_champion
from envs.sequences.task import SequenceTask
from places import CHAMPIONS
from wann.champion import load_champion
from wann.network import Networks, compile_genome

PATHS = sorted((CHAMPIONS / "memory").glob("*.json"))


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_champion_is_as_good_as_its_file_says(path):
    champion = load_champion(path)
    task = task_of_champion(champion)
    assert isinstance(task, SequenceTask)
    reported = champion.returns["judged"]
    found = task.judge(compile_genome(champion.genome), np.array(reported["weights"]))
    assert [length["length"] for length in found["lengths"]] == list(task.judging_lengths)
    for now, before in zip(found["lengths"], reported["lengths"], strict=True):
        for measure in ("accuracy", "exact"):
            np.testing.assert_allclose(now[measure]["per_weight"], before[measure]["per_weight"], atol=0.5)
            assert now[measure]["min_beyond"] == pytest.approx(before[measure]["min_beyond"], abs=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_oracle_gives_the_same_answers(path):
    champion = load_champion(path)
    task = task_of_champion(champion)
    network, seeds, weights = compile_genome(champion.genome), np.arange(6), np.array([-2.0, -0.5, 1.0])
    kernels = task.reported.evaluate(Networks.of([network]), weights, seeds).values
    np.testing.assert_allclose(task.reported.evaluate_oracle(network, weights, seeds).values, kernels, atol=2.0)
