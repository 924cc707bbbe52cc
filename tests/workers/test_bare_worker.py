"""The stand-in for a worker that the scaling benchmark uses: the driver must take its answers for real ones."""

import pickle

import numpy as np
import pytest

from benchmarks.bare_worker import chunk_seconds, chunk_steps, reply, rows_and_rollouts
from benchmarks.scaling import bare_actor_class
from faulty_tasks import ArithmeticTask
from networks import random_networks
from workers.ray.blocks import blocks
from workers.ray.evaluator import RayEvaluator
from workers.ray.options import RayOptions
from workers.ray.worker_process import dump

STEPS = (1 + np.arange(35).reshape(5, 7)).tolist()


@pytest.mark.parametrize("wanted", [1, 3])
def test_reads_chunks_and_answers_without_numpy(wanted):
    block = blocks(2, 7, wanted)[-1]
    rows = np.array([3, 11])
    networks = random_networks(3, 2, 2, np.random.default_rng(0))
    rollouts = block.rollouts.tolist()
    assert rows_and_rollouts(dump((rows, networks, [], block))) == ([3, 11], rollouts, 2)
    steps = chunk_steps(STEPS, [3, 11], rollouts, 2)
    returns, error, seconds, _ = pickle.loads(reply(steps, (2, 2, len(rollouts)), 0.5))
    expected = [[[STEPS[row][rollout] for rollout in rollouts]] * 2 for row in (3, 1)]
    np.testing.assert_array_equal(returns.steps, expected)
    np.testing.assert_array_equal(returns.values, expected)
    assert (error, seconds) == (None, 0.5)
    assert not returns.falls.any()


def test_costs_of_all_steps_and_of_the_longest():
    assert chunk_seconds([10, 30], (STEPS, 0.1, 0.01)) == pytest.approx(4.3)


@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize("per_process", [1, 2])
def test_the_driver_takes_it_for_a_worker(per_process: int):
    networks = random_networks(3, 2, 5, np.random.default_rng(0))
    actor_class = bare_actor_class((STEPS, 1e-5, 1e-5), per_process)
    with RayEvaluator(ArithmeticTask(), RayOptions(2, home_seconds=0, actor_class_of=actor_class)) as evaluator:
        for _ in range(2):
            returns = evaluator.evaluate(networks, np.ones(1), np.arange(7))
            np.testing.assert_array_equal(returns.steps[:, 0], STEPS)
        assert evaluator.statistics()["worker_busy_seconds"] > 0
