"""A few networks on many workers: their rollouts are shared out, and nothing of what comes back changes."""

import os

import numpy as np
import pytest

from envs.box2d.walker.task import BipedalWalker
from envs.cartpole.task import CartPoleSwingUp
from envs.task import Returns
from faulty_tasks import ArithmeticTask, KillerTask, RaisingTask
from networks import random_networks
from wann import Networks
from workers.blame import TaskError
from workers.inline import InlineEvaluator
from workers.ray.blocks import blocks
from workers.ray.evaluator import RayEvaluator
from workers.ray.options import RayOptions

WEIGHTS = np.linspace(-2, 2, 7)


@pytest.fixture(scope="module")
def networks() -> Networks:
    return random_networks(3, 2, 3, np.random.default_rng(4))


def assert_same(found: Returns, expected: Returns) -> None:
    assert found.values.tobytes() == expected.values.tobytes()
    assert found.steps.tobytes() == expected.steps.tobytes()
    assert (found.falls is None) == (expected.falls is None)
    if expected.falls is not None:
        assert found.falls.tobytes() == expected.falls.tobytes()


@pytest.mark.parametrize(("settings", "rollouts"), [(7, 2), (1, 9), (3, 3), (1, 1)])
@pytest.mark.parametrize("wanted", [1, 2, 4, 50])
def test_blocks_hold_every_rollout_once_and_evenly(settings, rollouts, wanted):
    count = np.zeros((settings, rollouts), int)
    parts = blocks(settings, rollouts, wanted)
    for part in parts:
        count[np.ix_(part.settings, part.rollouts)] += 1
    assert (count == 1).all()
    assert len(parts) == min(wanted, max(settings, rollouts))
    sizes = [part.num_lanes for part in parts]
    assert max(sizes) - min(sizes) <= min(settings, rollouts)


@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_same_bytes_from_shared_rollouts(networks, count):
    task, few = ArithmeticTask(seconds=0.01), networks.take(np.arange(count))
    rng = np.random.default_rng(0)
    individual = [rng.normal(size=(5, 40)) for _ in range(count)]
    with RayEvaluator(task, RayOptions(4, chunk_seconds=1e-6, home_seconds=0)) as evaluator:
        sent = 0.0
        for weights, seeds in (
            (WEIGHTS, [1, 2]),
            (WEIGHTS[:1], np.arange(9)),
            (WEIGHTS, rng.integers(1000, size=(7, 3))),
            (individual, [5]),
            (individual, rng.integers(1000, size=(5, 2))),
        ):
            assert_same(evaluator.evaluate(few, weights, seeds), task.evaluate(few, weights, seeds))
            chunks = evaluator.statistics()["worker_chunks"] - sent
            sent += chunks
            assert chunks >= (4 if count < 3 else 3), "workers were left without work"


@pytest.mark.usefixtures("ray_session")
def test_the_oracle_runs_on_workers():
    network = random_networks(5, 1, 1, np.random.default_rng(2))[0]
    task, rng = CartPoleSwingUp(max_steps=60), np.random.default_rng(3)
    with RayEvaluator(task, RayOptions(2, chunk_seconds=1e-6, home_seconds=0)) as ray, InlineEvaluator(task) as inline:
        for weights in (WEIGHTS, rng.normal(size=(4, network.num_connections + 9))):
            expected = task.evaluate_oracle(network, weights, [3, 4])
            assert_same(inline.evaluate_oracle(network, weights, [3, 4]), expected)
            assert_same(ray.evaluate_oracle(network, weights, [3, 4]), expected)
        assert ray.statistics()["worker_chunks"] >= 4
        assert inline.statistics()["worker_busy_seconds"] > 0


@pytest.mark.usefixtures("ray_session")
def test_falls_come_back():
    task = BipedalWalker(max_steps=120)
    few = random_networks(24, 4, 2, np.random.default_rng(0))
    with RayEvaluator(task, RayOptions(2)) as ray, InlineEvaluator(task) as inline:
        expected = task.evaluate(few, WEIGHTS[:3], [1, 2, 3])
        assert expected.falls is not None
        assert 0 < expected.falls.mean() < 1
        for evaluator in (ray, inline):
            assert_same(evaluator.evaluate(few, WEIGHTS[:3], [1, 2, 3]), expected)
            assert_same(
                evaluator.evaluate(few.take([1]), WEIGHTS[:3], [1, 2, 3]),
                task.evaluate(few.take([1]), WEIGHTS[:3], [1, 2, 3]),
            )


@pytest.mark.usefixtures("ray_session")
def test_a_killer_is_poisoned_as_a_whole(networks):
    """Its rollouts are in several chunks; another network beside it keeps all of its values."""
    hashes = [int(value) for value in networks.hashes[:2]]
    assert hashes[0] != hashes[1]

    class OneWeightKills(KillerTask):
        def act(self, program, weights, seeds):
            if weights.max() > 1.9:
                super().act(program, weights, seeds)

    task = OneWeightKills(culprits=(hashes[0],), driver=os.getpid())
    with RayEvaluator(task, RayOptions(4, max_attempts=2, chunk_seconds=1e-6, home_seconds=0)) as evaluator:
        found = evaluator.evaluate(networks.take([0, 1]), WEIGHTS, [1, 2])
    expected = ArithmeticTask().evaluate(networks.take([0, 1]), WEIGHTS, [1, 2])
    assert np.isnan(found.values[0]).all()
    assert (found.steps[0] == 0).all()
    assert found.values[1].tobytes() == expected.values[1].tobytes()


@pytest.mark.usefixtures("ray_session")
def test_a_failure_is_named_by_its_own_setting(networks):
    individual = [np.ones((6, 40))]
    individual[0][4] = 2.0
    task = RaisingTask(culprits=(int(networks.hashes[0]),), weight=80.0, seed=1)
    with RayEvaluator(task, RayOptions(3, home_seconds=0)) as evaluator:
        with pytest.raises(TaskError) as caught:
            evaluator.evaluate(networks.take([0]), individual, [1])
        assert (caught.value.genome, caught.value.weight, caught.value.seed) == (0, 4, 1)
