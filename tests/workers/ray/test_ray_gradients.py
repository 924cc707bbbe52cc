"""Gradients of several genomes on Ray workers: the same bytes as in this process, whatever dies meanwhile."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from test_ray_faults import meanwhile

from envs.images.classification import Classification
from evolution.gradient.growth import probed
from faulty_tasks import ArithmeticTask
from holding import Hold
from networks import random_population
from wann.genome import Genome
from wann.gradients import GradientRequest, Gradients, Pairs
from workers.blame import TaskError
from workers.inline import InlineEvaluator
from workers.ray.evaluator import RayEvaluator
from workers.ray.options import RayOptions

pytestmark = pytest.mark.usefixtures("ray_session")

TASK = Classification("digits", batch=300)
WEIGHTS, SEEDS = np.array([-1.0, 1.0]), np.array([5])


@pytest.fixture(scope="module")
def requests() -> list[GradientRequest]:
    return requests_of(random_population(64, 10, 5, np.random.default_rng(0), max_hidden=8))


def requests_of(genomes) -> list[GradientRequest]:
    rng = np.random.default_rng(1)
    palette = np.array([3, 4, 5], np.int8)
    parts = [probed(genome, 6, palette, False, rng) for genome in genomes]
    return [GradientRequest(part.genome, part.pairs()) for part in parts]


def assert_same(found: Sequence[Gradients], expected: Sequence[Gradients]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.first.tobytes() == other.first.tobytes()
        assert one.second.tobytes() == other.second.tobytes()
        assert one.steps == other.steps > 0


def test_the_same_bytes_as_in_this_process(requests):
    expected = InlineEvaluator(TASK).gradients(requests, WEIGHTS, SEEDS)
    assert any(part.first.any() for part in expected)
    with RayEvaluator(TASK, RayOptions(2)) as evaluator:
        evaluator.wait_until_started()
        assert_same(evaluator.gradients(requests, WEIGHTS, SEEDS), expected)
        figures = evaluator.statistics()
        assert figures["worker_chunks"] - figures["worker_stragglers"] == len(requests)
        assert_same(evaluator.gradients(requests[:1], WEIGHTS, SEEDS), expected[:1])
        assert evaluator.statistics()["worker_at_home"] == 1


@dataclass(frozen=True)
class GradientTask(ArithmeticTask):
    """Gradients that hold their process when asked for; those of the genome with ``num_connections`` end badly."""

    name: ClassVar[str] = "gradients"
    num_connections: int = -1
    ends: str = "raises"
    hold: Hold | None = None

    def gradients(self, genome: Genome, weights: NDArray, seeds: Any, pairs: Sequence[Pairs]) -> Gradients:
        while self.hold is not None and self.hold.keeps(seeds):
            time.sleep(0.005)
        if genome.num_enabled == self.num_connections:
            if self.ends == "raises":
                raise ArithmeticError("no slope")
            os.kill(os.getpid(), signal.SIGKILL)
        first = np.zeros((genome.num_nodes, genome.num_nodes), np.float32)
        for sources, targets in pairs:
            first[np.ix_(sources, targets)] = genome.num_enabled
        return Gradients(first, 2 * first, 7)


@pytest.fixture(scope="module")
def small() -> list[GradientRequest]:
    requests = requests_of(random_population(3, 2, 12, np.random.default_rng(3), max_hidden=6))
    sizes = [wanted.genome.num_enabled for wanted in requests]
    return [wanted for wanted in requests if sizes.count(wanted.genome.num_enabled) == 1]


@pytest.mark.slow
@pytest.mark.usefixtures("no_work_is_late")
def test_killed_workers_change_nothing(small, tmp_path):
    hold = Hold(tmp_path)
    expected = InlineEvaluator(GradientTask()).gradients(small, WEIGHTS, SEEDS)
    with RayEvaluator(GradientTask(hold=hold), RayOptions(2)) as evaluator:
        evaluator.wait_until_started()
        hold.ask()
        with meanwhile(lambda: hold.kill(2)):
            assert_same(evaluator.gradients(small, WEIGHTS, SEEDS), expected)
        assert evaluator.statistics()["worker_deaths"] == 2
        assert evaluator.statistics()["worker_poisoned"] == 0


def test_a_genome_that_kills_its_workers_has_no_gradients(small, caplog):
    victim = small[1].genome.num_enabled
    task = GradientTask(num_connections=victim, ends="kills")
    expected = InlineEvaluator(GradientTask()).gradients(small, WEIGHTS, SEEDS)
    with RayEvaluator(task, RayOptions(2, max_attempts=2)) as evaluator:
        found = evaluator.gradients(small, WEIGHTS, SEEDS)
        assert not found[1].first.any() and not found[1].second.any() and found[1].steps == 0
        assert_same(found[:1] + found[2:], expected[:1] + expected[2:])
        assert f"the gradients of genome 1 ({victim} connections)" in caplog.text
        assert evaluator.statistics()["worker_poisoned"] == 1


def test_a_task_that_raises_is_named(small):
    task = GradientTask(num_connections=small[2].genome.num_enabled)
    message = "task 'gradients' failed on the gradients of genome 2: ArithmeticError: no slope"
    with pytest.raises(TaskError, match=message):
        InlineEvaluator(task).gradients(small, WEIGHTS, SEEDS)
    with RayEvaluator(task, RayOptions(2)) as evaluator, pytest.raises(TaskError, match=message):
        evaluator.gradients(small, WEIGHTS, SEEDS)
