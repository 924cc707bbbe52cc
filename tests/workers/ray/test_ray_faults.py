"""Workers that die, hang, limp or cannot start: real signals to real processes."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import ray

from envs.cartpole.task import CartPoleSwingUp
from envs.task import Returns
from faulty_tasks import (
    ArithmeticTask,
    HangingTask,
    HeldSwingUp,
    HeldTask,
    KillerTask,
    LeakyTask,
    LimpingTask,
    StillbornTask,
    UnloadableTask,
)
from holding import Hold, is_alive, kill
from networks import random_networks
from wann import Networks
from workers.evaluator import WorkerError
from workers.ray.evaluator import RayEvaluator
from workers.ray.options import RayOptions

pytestmark = pytest.mark.usefixtures("ray_session")

WEIGHTS = np.array([-1.0, 2.0])
SEEDS = [3, 4]


@pytest.fixture(scope="module")
def networks() -> Networks:
    found = random_networks(3, 2, 80, np.random.default_rng(5))
    _, first = np.unique(found.hashes, return_index=True)
    assert len(first) >= 40
    return found.take(np.sort(first)[:40])


def assert_right(found: Returns, networks: Networks, without: list[int] | None = None) -> None:
    expected = ArithmeticTask().evaluate(networks, WEIGHTS, SEEDS)
    for row in without or []:
        expected.values[row], expected.steps[row] = np.nan, 0
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.steps, expected.steps)


@contextmanager
def meanwhile(action: Callable[[], object]) -> Iterator[None]:
    """Run ``action`` in a thread beside the block, and fail if it failed."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()
    assert not errors, errors


@pytest.fixture
def hold(tmp_path: Path) -> Hold:
    directory = tmp_path / "hold"
    directory.mkdir()
    return Hold(directory)


@pytest.mark.usefixtures("no_work_is_late")
def test_killed_workers_change_nothing(networks: Networks, hold: Hold) -> None:
    with RayEvaluator(HeldTask(seconds=0.03, hold=hold), RayOptions(2)) as evaluator:
        for _ in range(2):
            evaluator.wait_until_started()
            hold.ask()
            with meanwhile(lambda: hold.kill(2)):
                assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks)
            evaluator.wait_until_started()
            assert all(is_alive(pid) for pid in evaluator.actor_pids())
        statistics = evaluator.statistics()
        assert statistics["worker_deaths"] == 4
        assert statistics["worker_retries"] >= 4
        assert statistics["worker_poisoned"] == 0


@pytest.mark.slow
@pytest.mark.usefixtures("no_work_is_late")
def test_killed_workers_change_nothing_on_the_kernels(hold: Hold) -> None:
    many = random_networks(5, 1, 1500, np.random.default_rng(0), max_hidden=20)
    weights = np.linspace(-2, 2, 12)
    expected = CartPoleSwingUp().evaluate(many, weights, np.arange(5))
    with RayEvaluator(HeldSwingUp(hold=hold), RayOptions(2)) as evaluator:
        evaluator.wait_until_started()
        hold.ask()
        with meanwhile(hold.kill):
            found = evaluator.evaluate(many, weights, np.arange(5))
        assert evaluator.statistics()["worker_deaths"] == 1
    assert found.values.tobytes() == expected.values.tobytes()
    assert found.steps.tobytes() == expected.steps.tobytes()


@pytest.mark.slow
def test_deaths_from_outside_poison_nobody(networks: Networks, hold: Hold) -> None:
    """A single network at work, its worker killed from outside: twice while idle, twice running it alone."""
    one = networks.take([0])
    with RayEvaluator(HeldTask(hold=hold), RayOptions(1, home_seconds=0)) as evaluator:
        for _ in range(2):
            evaluator.wait_until_started()
            kill(evaluator.actor_pids()[0])
            assert_right(evaluator.evaluate(one, WEIGHTS, SEEDS), one)
        evaluator.wait_until_started()
        hold.ask()
        with meanwhile(lambda: hold.kill(2)):
            assert_right(evaluator.evaluate(one, WEIGHTS, SEEDS), one)
        assert evaluator.statistics()["worker_deaths"] == 4
        assert evaluator.statistics()["worker_poisoned"] == 0


def test_stopped_worker_is_overtaken(networks: Networks, hold: Hold) -> None:
    with RayEvaluator(HeldTask(seconds=0.02, hold=hold), RayOptions(2)) as evaluator:
        evaluator.wait_until_started()
        assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks)
        hold.ask()
        with meanwhile(lambda: os.kill(hold.caught(), signal.SIGSTOP)):
            begin = time.perf_counter()
            assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks)
        assert time.perf_counter() - begin < 8
        statistics = evaluator.statistics()
        assert statistics["worker_stragglers"] >= 1
        assert statistics["worker_deaths"] == 0
        # The late answer, when it comes, disturbs nothing.
        victim = hold.caught()
        hold.release(victim)
        os.kill(victim, signal.SIGCONT)
        for _ in range(3):
            assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks)
        assert victim in evaluator.actor_pids()


@pytest.mark.slow
def test_limping_worker_is_overtaken_and_replaced(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.ray.dispatch._ABANDONED_SECONDS", 0.5)
    task = LimpingTask(0.01, (int(networks.hashes[20]),), str(tmp_path / "limped"))
    with RayEvaluator(task, RayOptions(2)) as evaluator:
        evaluator.wait_until_started()
        before = set(evaluator.actor_pids())
        assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks)
        assert evaluator.statistics()["worker_stragglers"] >= 1
        time.sleep(0.5)
        assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks)
        evaluator.wait_until_started()
        assert len(before & set(evaluator.actor_pids())) == 1


def test_genome_that_kills_its_process(networks: Networks, caplog: pytest.LogCaptureFixture) -> None:
    culprit = int(networks.hashes[17])
    task = KillerTask(culprits=(culprit,), driver=os.getpid())
    with RayEvaluator(task, RayOptions(2)) as evaluator:
        assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks, without=[17])
        deaths = evaluator.statistics()["worker_deaths"]
        assert 4 <= deaths <= 6  # one to suspect it, three alone, and what it takes to find it
        assert evaluator.statistics()["worker_poisoned"] == 1
        named = [record.getMessage() for record in caplog.records if "killed or hung" in record.getMessage()]
        assert len(named) == 1
        for part in ("'killer'", "genome 17", f"{culprit:016x}", "weights [-1.0, 2.0]", "seeds [3, 4]"):
            assert part in named[0]
        # Later generations do not try it again, wherever it stands; nor does the driver.
        moved = networks.take([3, 17, 8])
        for _ in range(5):
            assert_right(evaluator.evaluate(moved, WEIGHTS, SEEDS), moved, without=[1])
        assert_right(evaluator.evaluate(networks.take([17]), WEIGHTS, SEEDS), networks.take([17]), without=[0])
        assert evaluator.statistics()["worker_deaths"] == deaths


@pytest.mark.slow
def test_two_killers_of_one_chunk(networks: Networks) -> None:
    task = KillerTask(culprits=tuple(networks.hashes[[5, 6]].tolist()), driver=os.getpid())
    with RayEvaluator(task, RayOptions(2, max_attempts=1)) as evaluator:
        assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks, without=[5, 6])
        assert evaluator.statistics()["worker_poisoned"] == 2


@pytest.mark.slow
def test_killer_with_weights_of_its_own_is_remembered_with_them(networks: Networks) -> None:
    class PickyKiller(KillerTask):
        def act(self, program: int, weights: np.ndarray, seeds: np.ndarray) -> None:
            if weights.max() > 100:
                super().act(program, weights, seeds)

    one = networks.take([0, 0])
    task = PickyKiller(culprits=(int(networks.hashes[0]),), driver=os.getpid())
    with RayEvaluator(task, RayOptions(2, max_attempts=1)) as evaluator:
        for _ in range(2):
            found = evaluator.evaluate(one, [np.full((2, 20), 1.0), np.full((2, 20), 99.0)], SEEDS)
            assert np.isfinite(found.values[0]).all()
            assert np.isnan(found.values[1]).all()
        assert evaluator.statistics()["worker_poisoned"] == 1


@pytest.mark.slow
def test_long_work_is_sent_in_parts_that_stay_within_the_time_limit(networks: Networks) -> None:
    """One worker, two seconds of work, one second for a chunk; then one network whose rollouts take as long."""
    few = networks.take(np.arange(20))
    with RayEvaluator(ArithmeticTask(seconds=0.1), RayOptions(1, timeout_seconds=1.0)) as evaluator:
        evaluator.wait_until_started()
        for _ in range(2):  # its cost is not known, and known
            assert_right(evaluator.evaluate(few, WEIGHTS, SEEDS), few)
        assert evaluator.statistics()["worker_timeouts"] == 0
        chunks = evaluator.statistics()["worker_chunks"]
        seeds = np.arange(40)
        evaluator.evaluate(few.take([0]), WEIGHTS, seeds)
        assert evaluator.statistics()["worker_timeouts"] == 0
        assert evaluator.statistics()["worker_chunks"] - chunks >= 2


@pytest.mark.slow
def test_genome_that_hangs(networks: Networks, caplog: pytest.LogCaptureFixture) -> None:
    task = HangingTask(culprits=(int(networks.hashes[30]),))
    with RayEvaluator(task, RayOptions(2, timeout_seconds=0.5, max_attempts=2)) as evaluator:
        evaluator.wait_until_started()
        begin = time.perf_counter()
        assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks, without=[30])
        assert time.perf_counter() - begin < 20
        assert evaluator.statistics()["worker_timeouts"] >= 3
        assert "genome 30 (structural hash" in caplog.text
        evaluator.wait_until_started()
        assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks, without=[30])


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt. What a shell starts in the background would ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupted_call_leaves_the_evaluator_usable(networks: Networks) -> None:
    """KeyboardInterrupt in the middle of a request; its late answers are dropped."""
    with RayEvaluator(ArithmeticTask(seconds=0.2), RayOptions(2)) as evaluator:
        evaluator.wait_until_started()
        with (
            meanwhile(lambda: (time.sleep(0.3), os.kill(os.getpid(), signal.SIGINT))[1]),
            pytest.raises(KeyboardInterrupt),
        ):
            evaluator.evaluate(networks.take(range(39, -1, -1)), WEIGHTS, SEEDS)
        assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks)


def test_task_that_cannot_be_loaded(networks: Networks) -> None:
    with (
        RayEvaluator(UnloadableTask(), RayOptions(2)) as evaluator,
        pytest.raises(WorkerError, match=r"cannot load task 'unloadable': .*No module named 'simulator'"),
    ):
        evaluator.evaluate(networks, WEIGHTS, SEEDS)


@pytest.mark.slow
def test_task_that_kills_every_worker(networks: Networks) -> None:
    with (
        RayEvaluator(StillbornTask(driver=os.getpid()), RayOptions(2)) as evaluator,
        pytest.raises(WorkerError, match="task 'stillborn' died 3 times in a row while starting"),
    ):
        evaluator.evaluate(networks, WEIGHTS, SEEDS)


@pytest.mark.slow
def test_workers_that_find_no_room(networks: Networks) -> None:
    """More evaluators than CPUs: the second waits, and says so in the end."""
    with RayEvaluator(ArithmeticTask(), RayOptions(4)) as first:
        first.wait_until_started()
        with (
            RayEvaluator(ArithmeticTask(), RayOptions(2, start_seconds=1)) as second,
            pytest.raises(WorkerError, match="none of 2 workers started within 1 s"),
        ):
            second.evaluate(networks, WEIGHTS, SEEDS)


def test_workers_on_their_way_get_there_before_they_are_ended() -> None:
    """Ray may leak the place of an actor that is killed earlier, and the next evaluator would wait for it."""
    with RayEvaluator(ArithmeticTask(), RayOptions(2)) as evaluator:
        answers = [worker.starting for worker in evaluator.workers]
    for pid, _, mistake in ray.get(answers):
        assert pid > 0
        assert mistake is None


@pytest.mark.slow
def test_a_worker_that_grows_is_replaced(networks: Networks) -> None:
    """Its memory goes back to the system, its work is done, and nobody is blamed."""
    task = LeakyTask(megabytes=40)
    with RayEvaluator(task, RayOptions(2, growth_megabytes=60, home_seconds=0)) as evaluator:
        seen: set[int] = set()
        for _ in range(5):
            assert_right(evaluator.evaluate(networks, WEIGHTS, SEEDS), networks)
            evaluator.wait_until_started()
            seen |= set(evaluator.actor_pids())
        statistics = evaluator.statistics()
    assert statistics["worker_outgrown"] >= 2
    assert len(seen) > 2
    assert statistics["worker_deaths"] == statistics["worker_retries"] == statistics["worker_poisoned"] == 0
