"""What is told of the workers in each generation."""

from math import isnan

import numpy as np
import pytest

from faulty_tasks import ArithmeticTask
from holding import kill
from networks import random_networks
from workers.ray.cluster import connect
from workers.ray.evaluator import RayEvaluator
from workers.ray.options import RayOptions
from workers.statistics import ChunkTimes, of_one_generation, worker_words

WEIGHTS = np.array([-1.0, 1.0])


@pytest.mark.usefixtures("ray_session", "no_work_is_late")
def test_busy_workers_chunks_and_losses_of_each_generation():
    networks = random_networks(3, 2, 40, np.random.default_rng(0))
    with RayEvaluator(ArithmeticTask(seconds=0.02), RayOptions(2, home_seconds=0)) as evaluator:
        evaluator.wait_until_started()
        evaluator.evaluate(networks, WEIGHTS, [1])
        first = evaluator.statistics()
        assert (first["worker_live"], first["worker_count"], first["worker_nodes"]) == (2, 2, 1)
        assert 0.3 < first["worker_busy_share"] <= 1
        assert 0.02 <= first["worker_chunk_median_seconds"] <= first["worker_chunk_longest_seconds"] < 10
        kill(evaluator.actor_pids()[0])
        evaluator.evaluate(networks, WEIGHTS, [2])
        now = evaluator.statistics()
        second = of_one_generation(first, now)
        assert second["worker_deaths"] == 1
        assert second["worker_chunks"] < 2 * first["worker_chunks"] + 40
        third = of_one_generation(now, evaluator.statistics())
        assert (third["worker_deaths"], third["worker_busy_share"]) == (0, 0)


def test_a_generation_without_chunks_has_no_times():
    figures = ChunkTimes().figures(3)
    assert figures["worker_busy_share"] == 0
    assert isnan(figures["worker_chunk_median_seconds"]) and isnan(figures["worker_chunk_longest_seconds"])


def test_counts_are_of_the_generation_and_gauges_of_now():
    before = {"worker_chunks": 10.0, "worker_count": 2.0, "worker_busy_share": 0.5}
    now = {"worker_chunks": 25.0, "worker_count": 3.0, "worker_busy_share": 0.25, "worker_retries": 1.0}
    found = of_one_generation(before, now)
    assert found == {"worker_chunks": 15, "worker_count": 3, "worker_busy_share": 0.25, "worker_retries": 1}


@pytest.mark.parametrize(
    ("line", "lost", "expected"),
    [
        ({"worker_count": 0.0}, 0, ""),
        ({}, 0, ""),
        ({"worker_count": 12.0, "worker_live": 12.0, "worker_chunks": 9.0, "worker_busy_share": 0.931}, 1,
         "workers 12  busy 93 %  lost 1"),
        ({"worker_count": 12.0, "worker_live": 10.0, "worker_nodes": 3.0, "worker_chunks": 0.0}, 0,
         "workers 10 of 12  nodes 3  idle"),
    ],
)  # fmt: skip
def test_workers_in_one_short_line(line, lost, expected):
    assert worker_words(line, lost) == expected


@pytest.mark.parametrize(("wanted", "parallel", "workers", "cpus"), [(4, 2, 2, 1), (8, 2, 4, 0.5), (2, 8, 1, 0.5)])
def test_searches_side_by_side_share_the_cpus(ray_session, wanted, parallel, workers, cpus):
    """Four CPUs: whatever is wanted, the workers of all searches find room on them at the same time."""
    session = connect(wanted, None, parallel=parallel)
    assert (session.num_workers, session.cpus_per_worker) == (workers, cpus)
    assert session.num_workers * session.cpus_per_worker * parallel <= 4
