"""What every evaluator promises: the task's own bytes, the task's own errors."""

import logging
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest

from envs.cartpole.task import CartPoleSwingUp
from envs.task import Returns, Task
from faulty_tasks import ArithmeticTask, CrowdedTask, LyingTask, NanTask, RaisingTask
from holding import kill
from networks import random_networks
from wann import Networks
from workers.blame import TaskError, evaluate_or_locate
from workers.evaluator import Evaluator
from workers.inline import InlineEvaluator
from workers.ray.evaluator import RayEvaluator
from workers.ray.options import RayOptions
from workers.registry import EVALUATORS, EvaluatorOptions, make_evaluator

WEIGHTS = np.array([-2.0, -1.0, 1.0, 2.0])
Enter = Callable[[Task], Evaluator]


@pytest.fixture(params=EVALUATORS)
def enter(request: pytest.FixtureRequest) -> Iterator[Enter]:
    """Build and enter the evaluator of a task, one of each registered kind."""
    if request.param == "ray":
        request.getfixturevalue("ray_session")
    with ExitStack() as stack:
        yield lambda task: stack.enter_context(make_evaluator(task, EvaluatorOptions(request.param, num_workers=2)))


@pytest.fixture(scope="module")
def arithmetic() -> Networks:
    return distinct(60)


def distinct(count: int, seed: int = 0) -> Networks:
    networks = random_networks(3, 2, 2 * count, np.random.default_rng(seed))
    _, first = np.unique(networks.hashes, return_index=True)
    assert len(first) >= count
    return networks.take(np.sort(first)[:count])


def assert_same_bytes(found: Returns, expected: Returns) -> None:
    assert found.values.tobytes() == expected.values.tobytes()
    assert found.steps.tobytes() == expected.steps.tobytes()
    assert found.values.shape == expected.values.shape == found.steps.shape
    assert (found.values.dtype, found.steps.dtype) == (np.float64, np.int64)


def test_same_bytes_as_the_task_itself(enter: Enter) -> None:
    rng = np.random.default_rng(1)
    networks = random_networks(5, 1, 150, rng, max_hidden=20)
    task = CartPoleSwingUp(max_steps=400)
    evaluator = enter(task)
    for seeds in (np.arange(3), [7], rng.integers(2**40, size=(4, 2))):
        assert_same_bytes(evaluator.evaluate(networks, WEIGHTS, seeds), task.evaluate(networks, WEIGHTS, seeds))
    individual = [rng.normal(size=(2, 200)) for _ in range(len(networks))]
    assert_same_bytes(evaluator.evaluate(networks, individual, [1, 2]), task.evaluate(networks, individual, [1, 2]))


def test_episodes_played_in_the_reference_are_counted_and_named_once(
    enter: Enter, arithmetic: Networks, caplog
) -> None:
    evaluator = enter(CrowdedTask())
    for generation in (1, 2):
        found = evaluator.evaluate(arithmetic, WEIGHTS, [1, 2])
        assert found.replayed == found.values.size == 480
        assert evaluator.statistics()["worker_replayed_episodes"] == 480 * generation
    assert evaluator.evaluate_oracle(arithmetic[0], WEIGHTS, [1]).replayed == 4
    said = [record.message for record in caplog.records if "too crowded" in record.message]
    assert said == [
        "An episode was too crowded for the fast simulator, and was played in the reference instead; "
        "worker_replayed_episodes counts such episodes"
    ]


@pytest.mark.parametrize(("num_workers", "chunk_seconds"), [(1, 0.01), (2, 0.0001), (2, 10.0), (4, 0.01)])
@pytest.mark.usefixtures("ray_session")
def test_same_bytes_however_the_work_is_cut(num_workers: int, chunk_seconds: float, arithmetic: Networks) -> None:
    task = ArithmeticTask(seconds=0.001)
    with RayEvaluator(task, RayOptions(num_workers, chunk_seconds=chunk_seconds, home_seconds=0)) as evaluator:
        for generation in range(3):
            seeds = [generation, 10 * generation + 3]
            expected = ArithmeticTask().evaluate(arithmetic, WEIGHTS, seeds)
            assert_same_bytes(evaluator.evaluate(arithmetic, WEIGHTS, seeds), expected)
        assert evaluator.statistics()["worker_count"] == num_workers
        assert evaluator.statistics()["worker_at_home"] == 0


def test_one_network_and_none(enter: Enter, arithmetic: Networks) -> None:
    evaluator = enter(ArithmeticTask())
    one = arithmetic.take([5])
    for _ in range(3):
        assert_same_bytes(evaluator.evaluate(one, WEIGHTS, [1]), ArithmeticTask().evaluate(one, WEIGHTS, [1]))
    none = evaluator.evaluate(arithmetic.take(np.arange(0)), WEIGHTS, [1, 2, 3])
    assert none.values.shape == none.steps.shape == (0, 4, 3)
    assert evaluator.evaluate(arithmetic.take(np.arange(0)), [], [1, 2]).values.shape[0] == 0


def test_large_arguments(enter: Enter, arithmetic: Networks) -> None:
    """Beyond what Ray passes inline."""
    seeds = np.arange(4 * 20_000).reshape(4, 20_000)
    few = arithmetic.take(range(4))
    evaluator = enter(ArithmeticTask())
    assert_same_bytes(evaluator.evaluate(few, WEIGHTS, seeds), ArithmeticTask().evaluate(few, WEIGHTS, seeds))


def test_wrong_arguments_are_value_errors(enter: Enter, arithmetic: Networks) -> None:
    evaluator = enter(ArithmeticTask())
    for weights, seeds in ((np.ones((2, 2)), [1]), (np.ones(0), [1]), (np.ones(2), []), ([np.ones((1, 9))], [1])):
        with pytest.raises(ValueError, match="expected"):
            evaluator.evaluate(arithmetic, weights, seeds)


def test_nan_and_infinity_pass(enter: Enter, arithmetic: Networks) -> None:
    task = NanTask(culprits=(int(arithmetic.hashes[7]),))
    found = enter(task).evaluate(arithmetic, WEIGHTS, [1, 2])
    assert_same_bytes(found, task.evaluate(arithmetic, WEIGHTS, [1, 2]))
    assert np.isinf(found.values[7, 0]).all()
    assert np.isnan(found.values[7, 1:]).all()
    assert np.isfinite(np.delete(found.values, 7, axis=0)).all()


@pytest.mark.parametrize("exits", [False, True])
def test_raising_task_is_named(enter: Enter, arithmetic: Networks, exits: bool) -> None:
    evaluator = enter(RaisingTask(culprits=(int(arithmetic.hashes[41]),), weight=2.0, seed=12, exits=exits))
    with pytest.raises(TaskError) as caught:
        evaluator.evaluate(arithmetic, WEIGHTS, [10, 11, 12])
    error = caught.value
    assert (error.task, error.genome, error.weight, error.seed) == ("raising", 41, 2.0, 12)
    kind = "SystemExit: the simulator gave up" if exits else "ArithmeticError: the simulator exploded"
    assert str(error) == f"task 'raising' failed on genome 41 at weight 2, seed 12: {kind}"
    # The evaluator goes on with other work.
    rest = arithmetic.take(range(40))
    assert_same_bytes(evaluator.evaluate(rest, WEIGHTS, [1]), ArithmeticTask().evaluate(rest, WEIGHTS, [1]))


def test_raising_task_with_individual_weights(enter: Enter, arithmetic: Networks) -> None:
    weights = [np.arange(3.0)[:, None] * np.eye(1, 12) for _ in range(len(arithmetic))]
    evaluator = enter(RaisingTask(culprits=(int(arithmetic.hashes[50]),), weight=2.0, seed=4))
    with pytest.raises(TaskError, match="genome 50 at weight setting 2, seed 4: ArithmeticError"):
        evaluator.evaluate(arithmetic, weights, [3, 4])


def test_failure_of_rollouts_together(enter: Enter, arithmetic: Networks) -> None:
    evaluator = enter(RaisingTask(culprits=(int(arithmetic.hashes[3]),), together=True))
    with pytest.raises(TaskError, match="on genome 3, though on none of its rollouts alone") as caught:
        evaluator.evaluate(arithmetic, WEIGHTS, [1, 2])
    assert (caught.value.genome, caught.value.weight, caught.value.seed) == (3, None, None)


def test_failure_that_does_not_come_back(arithmetic: Networks) -> None:
    class Once(ArithmeticTask):
        calls: list[int] = []  # noqa: RUF012

        def evaluate(self, networks, weights, seeds):
            self.calls.append(len(networks))
            if len(self.calls) == 1:
                raise OSError("device busy")
            return super().evaluate(networks, weights, seeds)

    with pytest.raises(
        TaskError, match=r"on 10 genomes 30..39 together, though not when run again alone: OSError: dev"
    ):
        evaluate_or_locate(Once(), arithmetic.take(range(10)), WEIGHTS, [1], np.arange(30, 40))
    assert Once.calls == [10] + [1] * 10


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        ("shape", r"expected values of shape \[P, W, R\] = \[\d+, 4, 2\], found \[\d+, 4\]"),
        ("rows", r"expected values of shape .*found"),
        ("steps dtype", "expected steps to be integers, found float64"),
        ("values dtype", "expected values to be floats, found int64"),
        ("negative steps", "expected steps >= 0, found -"),
        ("no returns", "expected Returns from evaluate, found ndarray"),
    ],
)
def test_lying_task_is_named(arithmetic: Networks, lie: str, message: str) -> None:
    with pytest.raises(TaskError, match="task 'lying' failed: " + message):
        InlineEvaluator(LyingTask(lie=lie)).evaluate(arithmetic, WEIGHTS, [1, 2])


def test_lying_task_is_named_wherever_it_runs(enter: Enter, arithmetic: Networks) -> None:
    with pytest.raises(TaskError, match="task 'lying' failed: expected steps >= 0, found -"):
        enter(LyingTask(lie="negative steps")).evaluate(arithmetic, WEIGHTS, [1, 2])


def test_description_and_statistics(enter: Enter, arithmetic: Networks) -> None:
    evaluator = enter(ArithmeticTask())
    evaluator.evaluate(arithmetic, WEIGHTS, [1])
    assert re.fullmatch(r"arithmetic (in this process|on 2 Ray workers \(.*\)), CPU.*", evaluator.description)
    assert "\n" not in evaluator.description
    statistics = evaluator.statistics()
    assert statistics
    assert all(key.startswith("worker_") and type(value) is float for key, value in statistics.items())


def test_task_error_survives_pickling() -> None:
    for error in (TaskError("t", 3, 1.5, 7, "boom"), TaskError("t", None, None, None, "boom", " on 3 genomes")):
        again = pickle.loads(pickle.dumps(error))
        assert str(again) == str(error)
        assert vars(again) == vars(error)


@pytest.mark.usefixtures("ray_session")
def test_tiny_requests_stay_at_home(arithmetic: Networks, caplog: pytest.LogCaptureFixture) -> None:
    """Once their cost is known, and until a worker has died."""
    caplog.set_level(logging.CRITICAL)
    tiny, task = arithmetic.take(range(3)), ArithmeticTask()
    options = RayOptions(2, home_seconds=1e9)
    with RayEvaluator(task, options) as evaluator:
        for _ in range(5):
            assert_same_bytes(evaluator.evaluate(tiny, WEIGHTS, [1]), task.evaluate(tiny, WEIGHTS, [1]))
        assert evaluator.statistics()["worker_at_home"] == 4
        evaluator.wait_until_started()
        for pid in evaluator.actor_pids():
            kill(pid)
        evaluator.options = replace(options, home_seconds=0)  # this one has to be sent, and meets the dead
        evaluator.evaluate(tiny, WEIGHTS, [1])
        evaluator.options = options
        assert_same_bytes(evaluator.evaluate(tiny, WEIGHTS, [1]), task.evaluate(tiny, WEIGHTS, [1]))
        assert evaluator.statistics()["worker_at_home"] == 4


def test_ray_evaluator_needs_its_context(arithmetic: Networks) -> None:
    evaluator = RayEvaluator(ArithmeticTask(), RayOptions(2))
    assert evaluator.description == "arithmetic on Ray, not started"
    with pytest.raises(RuntimeError, match="with statement"):
        evaluator.evaluate(arithmetic, WEIGHTS, [1])


def test_inline_evaluator_is_an_evaluator() -> None:
    evaluator: Evaluator = InlineEvaluator(ArithmeticTask())
    with evaluator as entered:
        assert entered is evaluator
