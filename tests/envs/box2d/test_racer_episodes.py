"""Episodes of CarRacing in refilled lanes: against a plain loop over one car, in any company, with every limit."""

from __future__ import annotations

import numpy as np
import pytest

from envs.box2d.racer.car import SCENE, WHEEL
from envs.box2d.racer.episodes import POOL, Course, evaluate_in_lanes
from envs.box2d.racer.lanes import Cars, copy_car, step_cars, take_reward
from envs.box2d.racer.task import CarRacing, to_actions
from envs.box2d.racer.track import make_track
from envs.box2d.racer.views import VIEWS
from envs.lane_networks import LaneNetworks
from envs.playing import Behaviour
from envs.waves import Limits
from networks import random_networks
from wann.genome import make_genome, minimal_genome
from wann.kernels.jit import jit
from wann.network import Networks, compile_genome

WEIGHTS = np.array([-0.7, 1.4])


@jit
def reward_of(cars, end):
    return take_reward(cars, 0, end)


def episode(task: CarRacing, networks: Networks, weight: float, seed: int) -> tuple[list[float], np.ndarray]:
    """Rewards [T] of one network's episode, and what it saw [T, I], frame by frame in Python."""
    sight, course = task.sight(), Course([make_track(seed)])
    cars, ends = Cars.make(1, course.most_tiles), np.zeros(1, np.int64)
    copy_car(course.starts, 0, cars, 0)
    memory, inputs = np.zeros((1, sight.memory)), np.zeros((1, task.num_inputs))
    outputs, none = np.zeros((1, 3), np.float32), np.zeros(1, np.int64)
    runner = LaneNetworks(networks, np.array([weight]))
    state = runner.initial_state(1)
    rewards: list[float] = []
    seen = []
    while len(rewards) < (task.max_steps or 1000) and not ends[0]:
        sight.see(course.roads, cars.poses, cars.track, np.array([len(rewards)]), memory, inputs)
        seen.append(inputs[0].copy())
        runner.run(none, none, none, inputs, state, outputs)
        actions = to_actions(outputs)
        step_cars(cars, SCENE.tables, course.tiles.arrays, WHEEL.vertices, actions, 1, ends)
        rewards.append(reward_of(cars, ends[0]))
    return rewards, np.array(seen)


@pytest.mark.parametrize("view", VIEWS)
def test_evaluation_is_a_plain_loop(view):
    """More episodes than lanes, so some begin in lanes that others left."""
    task = CarRacing(max_steps=30, inputs=view)
    networks = random_networks(task.num_inputs, 3, 5, np.random.default_rng(2))
    seeds = np.arange(3)
    found = evaluate_in_lanes(task.id, Limits(30), task.sight(), networks, WEIGHTS, seeds, pool=16)
    assert found.values.size > 16 and (found.steps == 30).all() and not found.falls.any()
    assert len(np.unique(found.values)) > 5
    for p, w, r in [(0, 0, 0), (1, 1, 2), (4, 1, 2), (3, 0, 1)]:
        rewards, _ = episode(task, networks.take([p]), WEIGHTS[w], r)
        assert found.values[p, w, r] == sum(rewards)


def test_no_pool_changes_a_bit():
    task = CarRacing(inputs="latents+previous")
    networks = random_networks(task.num_inputs, 3, 4, np.random.default_rng(3))
    limits = Limits(60, 25)
    found = [
        evaluate_in_lanes(task.id, limits, task.sight(), networks, WEIGHTS, np.arange(5), pool)
        for pool in (1, 16, 40, POOL)
    ]
    assert len(np.unique(found[0].steps)) > 3, "episodes end at different steps"
    for other in found[1:]:
        np.testing.assert_array_equal(other.values, found[0].values)
        np.testing.assert_array_equal(other.steps, found[0].steps)


def test_an_episode_that_stalls_is_cut():
    task = CarRacing(max_steps=80)
    networks = random_networks(16, 3, 3, np.random.default_rng(5))
    found = evaluate_in_lanes(task.id, Limits(80, 20), task.sight(), networks, WEIGHTS[:1], [4])
    for p in range(3):
        rewards, _ = episode(task, networks.take([p]), WEIGHTS[0], 4)
        totals = np.cumsum(rewards)
        best, expected = 0, len(rewards)
        for step in range(len(rewards)):
            best = step if totals[step] > totals[best] else best
            if step - best >= 20:
                expected = step + 1
                break
        assert found.steps[p, 0, 0] == expected
        assert found.values[p, 0, 0] == totals[expected - 1]
    assert found.steps.min() < 80


def test_seeds_of_each_weight():
    task = CarRacing(max_steps=20)
    networks = random_networks(16, 3, 3, np.random.default_rng(6))
    both = task.evaluate(networks, WEIGHTS, [[1, 2], [2, 3]])
    whole = task.evaluate(networks, WEIGHTS, [1, 2, 3])
    np.testing.assert_array_equal(both.values[:, 0], whole.values[:, 0, :2])
    np.testing.assert_array_equal(both.values[:, 1], whole.values[:, 1, 1:])


def test_tracks_are_made_in_groups(monkeypatch):
    task = CarRacing(max_steps=20)
    networks = random_networks(16, 3, 3, np.random.default_rng(6))
    whole = task.evaluate(networks, WEIGHTS, [4, 1, 2, 9, 3])
    monkeypatch.setattr("envs.box2d.racer.episodes.MOST_TRACKS", 2)
    np.testing.assert_array_equal(task.evaluate(networks, WEIGHTS, [4, 1, 2, 9, 3]).values, whole.values)


def test_a_fall_costs_100():
    """A network that steers by its bias alone leaves the field."""
    full = minimal_genome(16, 3)
    genome = minimal_genome(16, 3, (full.sources == 0) & (full.targets == 18))
    networks = Networks.of([compile_genome(genome)])
    task = CarRacing()
    found = task.evaluate(networks, [np.array([[-0.4]])], np.arange(4))
    assert found.falls.any()
    for r in range(4):
        rewards, _ = episode(task, networks, -0.4, r)
        assert found.steps[0, 0, r] == len(rewards) and found.values[0, 0, r] == sum(rewards)
        assert found.falls[0, 0, r] == (rewards[-1] == -100)


def test_an_output_that_is_no_number():
    """Infinity less infinity, from the bias through two hidden nodes; the rest of the episodes is as without it."""
    linear = np.full(22, 1)
    genome = make_genome(16, 3, linear, [0, 0, 20, 21], [20, 21, 17, 17], [True] * 4)
    networks = Networks.of([compile_genome(genome)] * 2)
    good, bad = np.full((1, 4), 0.5), np.array([[3e38, 3e38, 3e38, -3e38]])
    task = CarRacing(max_steps=12)
    found = task.evaluate(networks, [bad, good], [3, 4])
    assert np.isnan(found.values[0]).all() and np.isfinite(found.values[1]).all()
    assert found.steps[1].tolist() == [[12, 12]]
    assert list(found.failures) == ["output"]
    assert found.failures["output"].startswith(
        "CarRacing-v3: a network with an output that is no number (seed 3, step "
    )
    alone = task.evaluate(networks.take([1]), [good], [3, 4])
    np.testing.assert_array_equal(alone.values[0], found.values[1])


def test_changes_are_those_of_the_latents():
    task = CarRacing(max_steps=10, inputs="latents+previous")
    networks = random_networks(32, 3, 1, np.random.default_rng(7))
    _, seen = episode(task, networks, 1.0, 2)
    assert (seen[0, 16:] == 0).all() and (seen[1:, 16:] != 0).any()
    np.testing.assert_array_equal(seen[1:, 16:], np.diff(seen[:, :16], axis=0))


def test_what_a_network_meets_is_recorded():
    task = CarRacing(inputs="latents+previous", max_steps=40)
    networks = random_networks(32, 3, 1, np.random.default_rng(7))
    _, seen = episode(task, networks, 0.6, 2)
    met = Behaviour(task).observe(networks[0], 0.6, 2)
    assert met.shape == (1000, 32), "whole episodes"
    np.testing.assert_array_equal(met[:40], seen)
