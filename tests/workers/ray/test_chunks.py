"""Cutting work by measured cost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.box2d.walker.task import BipedalWalker
from envs.cartpole.task import CartPoleSwingUp
from envs.task import episodes_together
from networks import random_networks
from workers.evaluable import task_or_oracle
from workers.ray.chunks import CostModel, cost_units, cut
from workers.ray.evaluation_work import EvaluationWork
from workers.ray.options import RayOptions
from workers.ray.partition import chunks_of, num_blocks

COSTS = st.lists(st.floats(1, 1000), min_size=1, max_size=200).map(np.array)


@given(COSTS, st.integers(1, 16), st.floats(0, 2000), st.floats(0.1, 1))
def test_every_row_is_in_one_chunk(costs, num_workers, smallest, share) -> None:
    chunks = cut(costs, num_workers, smallest, share=share)
    assert sorted(np.concatenate(chunks).tolist()) == list(range(len(costs)))
    assert all(len(chunk) for chunk in chunks)


@given(COSTS, st.integers(1, 16))
def test_chunks_are_worth_sending(costs, num_workers) -> None:
    """Where no single network is as large as the smallest chunk, chunks are about that large."""
    smallest = 4 * costs.max()
    totals = [costs[chunk].sum() for chunk in cut(costs, num_workers, smallest)]
    assert min(totals) >= min(0.25 * smallest, costs.sum())


@given(COSTS, st.integers(1, 16), st.floats(1, 500), st.floats(1, 10))
def test_chunks_are_done_in_time(costs, num_workers, smallest, factor) -> None:
    chunks = cut(costs, num_workers, smallest, largest=smallest * factor)
    assert sorted(np.concatenate(chunks).tolist()) == list(range(len(costs)))
    assert all(costs[chunk].sum() <= smallest * factor * (1 + 1e-9) for chunk in chunks if len(chunk) > 1)


def test_costly_first_and_even_in_the_end() -> None:
    costs = np.random.default_rng(0).uniform(1, 10, 500)
    chunks = cut(costs, 2, costs.sum() / 40)
    totals = np.array([costs[chunk].sum() for chunk in chunks])
    assert costs[chunks[0]].min() >= costs[chunks[-1]].max()
    assert totals[0] == pytest.approx(costs.sum() / 4, rel=0.05)
    assert (np.diff(totals[:-1]) <= costs.max()).all()
    assert totals[-1] <= 1.5 * costs.sum() / 40 + costs.max()
    assert len(chunks) < 16


@given(COSTS, st.integers(1, 16), st.floats(0, 2000), st.integers(1, 7))
def test_kinds_come_one_after_the_other(costs, num_workers, smallest, num_kinds) -> None:
    kinds = np.arange(len(costs)) % num_kinds
    chunks = cut(costs, num_workers, smallest, kinds=kinds)
    assert sorted(np.concatenate(chunks).tolist()) == list(range(len(costs)))
    assert all(len(set(kinds[chunk])) == 1 for chunk in chunks)
    assert (np.diff([kinds[chunk[0]] for chunk in chunks]) >= 0).all()


def test_one_chunk_per_network_if_networks_are_dear() -> None:
    assert [len(chunk) for chunk in cut(np.full(7, 5.0), 2, 1.0)][-3:] == [1, 1, 1]


def test_cost_grows_with_connections_and_lanes() -> None:
    networks = random_networks(3, 2, 30, np.random.default_rng(0))
    units = cost_units(networks, 10)
    order = np.argsort(networks.num_connections(), kind="stable")
    assert (np.diff(units[order]) >= 0).all()
    np.testing.assert_array_equal(cost_units(networks, 20), 2 * units)


def test_cost_model_follows_the_latest_requests() -> None:
    model = CostModel()
    assert model.expected_seconds(5) is None
    model.observe(10, 1)
    assert model.expected_seconds(20) == pytest.approx(2)
    for _ in range(10):
        model.begin_request()
        model.observe(10, 3)
    assert model.expected_seconds(10) == pytest.approx(3, rel=0.01)


@pytest.mark.parametrize(
    ("num_networks", "num_rollouts", "num_workers", "sizes"),
    [
        (128, 1, 2, [64, 64]),
        (32, 3, 2, [48, 48]),  # fewer than 64 each, but no worker is left without
        (512, 1, 2, [128, 96, 72, 64, 64, 88]),
        (4, 32, 8, [16] * 8),
    ],
)
def test_tasks_that_play_together_get_chunks_of_many_episodes(num_networks, num_rollouts, num_workers, sizes) -> None:
    networks, seeds = (
        random_networks(3, 1, 1, np.random.default_rng(0)).take(np.zeros(num_networks, int)),
        np.arange(num_rollouts),
    )
    cost = CostModel(cost_units(networks, num_rollouts).sum(), 2.0)
    wanted = num_blocks(RayOptions(), num_workers, num_networks, num_rollouts, 2.0, 64)
    work = EvaluationWork(networks, np.ones(1), seeds, False, (num_networks, 1, num_rollouts), cost, wanted)
    chunks = chunks_of(work, RayOptions(), num_workers, 64)
    assert [len(chunk.pieces) * work.block(chunk.pieces).num_lanes for chunk in chunks] == sizes


@pytest.mark.parametrize("expected_seconds", [None, 2.0])
@pytest.mark.parametrize(
    ("task", "num_rollouts", "num_workers", "parts"),
    [
        (CartPoleSwingUp(), 100, 2, 2),  # one for each worker, though one call could play all
        (CartPoleSwingUp(), 100, 8, 8),
        (CartPoleSwingUp(), 5000, 2, 4),
        (BipedalWalker(), 100, 2, 2),
        (BipedalWalker(), 500, 5, 15),
        (BipedalWalker(), 550, 5, 15),  # 17 waves, but one part more for two of five workers would keep three waiting
    ],
)
def test_an_oracle_that_plays_together_is_cut_into_few_parts(expected_seconds, task, num_rollouts, num_workers, parts):
    together = episodes_together(task_or_oracle(task, oracle=True))
    assert num_blocks(RayOptions(), num_workers, 1, num_rollouts, expected_seconds, together) == parts
    assert num_blocks(RayOptions(), num_workers, 1, num_rollouts, 2.0, 1) == 8 * num_workers
