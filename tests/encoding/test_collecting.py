"""Driving and collecting: what the frames are, and that workers do not change them."""

from itertools import count

import numpy as np
import pytest

from encoding import collecting
from encoding.collecting import Frames, Job, collect, pose
from encoding.driving import ChampionDriver, Follower, Wanderer, road_ahead
from envs.box2d.racer.task import CarRacing
from networks import random_networks


def assert_same(found: Frames, expected: Frames) -> None:
    for name in Frames.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(collecting, "EPISODE_STEPS", 61)
    monkeypatch.setattr(collecting, "EPISODES_PER_JOB", 2)


@pytest.mark.parametrize(("column", "expected"), [(30, -17.5), (47, -0.5), (70, 22.5)])
def test_the_road_is_seen_where_it_is(column, expected):
    frame = np.full((96, 96, 3), (102, 204, 102), np.uint8)
    assert road_ahead(frame) is None
    frame[:, column - 8 : column + 9] = 105
    assert road_ahead(frame) == pytest.approx(expected)


@pytest.mark.parametrize("driver", [Wanderer, Follower])
def test_actions_are_in_range_held_and_keyed(driver):
    frame = np.full((96, 96, 3), (102, 204, 102), np.uint8)
    frame[:, 50:70] = 105
    one, other = (driver(np.random.default_rng(5)) for _ in range(2))
    actions = np.array([one.act(frame) for _ in range(500)])
    np.testing.assert_array_equal(actions, [other.act(frame) for _ in range(500)])
    assert actions.dtype == np.float32
    assert (actions >= [-1, 0, 0]).all() and (actions <= [1, 1, 1]).all()
    changes = (np.diff(actions, axis=0) != 0).any(axis=1).sum()
    assert 500 / 40 <= changes <= 500 / 5


def test_kept_frames_and_truth(short):
    pytest.importorskip("Box2D")
    frames = Job("gymnasium", 0, 0).run()
    # Every tenth step of the first fifty, every fourth from then on.
    assert frames.step.tolist() == [0, 10, 20, 30, 40, 52, 56, 60] * 2
    assert frames.episode.tolist() == [0] * 8 + [1] * 8
    assert frames.pixels.shape == (16, 64, 64, 3) and frames.pixels.dtype == np.uint8
    assert abs(frames.offset[frames.step == 0]).max() < 0.1, "a car starts in the middle of the road"
    assert abs(frames.heading[frames.step == 0]).max() < 0.1


def test_frames_of_held_out_episodes_are_others(short):
    pytest.importorskip("envpool")
    training, held_out, other_seed = (
        Job("envpool", seed, 0, held_out).run() for seed, held_out in ((0, False), (0, True), (1, False))
    )
    assert np.isnan(training.offset).all()
    assert not np.array_equal(training.pixels, held_out.pixels)
    assert not np.array_equal(training.pixels, other_seed.pixels)


@pytest.mark.slow
def test_workers_do_not_change_the_frames(short, monkeypatch):
    """Workers import the module anew, with its own lengths, hence the episodes of full length."""
    pytest.importorskip("envpool")
    monkeypatch.undo()
    from workers.ray.cluster import connect

    counted = []
    session = connect(2, None)
    try:
        found = collect((Job("envpool", 3, i) for i in count()), 700, session.cpus_per_worker, counted.append)
    finally:
        session.close()
    expected = collecting.join([Job("envpool", 3, index).run() for index in (0, 1)])
    assert_same(found, expected.take(slice(700)))
    assert counted[-1] == 700


def test_a_champion_drives_every_other_episode(short):
    pytest.importorskip("envpool")
    (network,) = random_networks(16, 3, 1, np.random.default_rng(1))
    driver = ChampionDriver(network, 0.5, CarRacing().encoder_key)
    frame = np.random.default_rng(0).integers(0, 256, (96, 96, 3)).astype(np.uint8)
    assert driver.act(frame).shape == (3,)
    without, driven = Job("envpool", 0, 0).run(), Job("envpool", 0, 0, champion=driver).run()
    same = [
        np.array_equal(without.take(without.episode == e).pixels, driven.take(driven.episode == e).pixels)
        for e in (0, 1)
    ]
    assert same == [True, False]


def test_pose_is_right_positive_and_left_positive():
    """On a straight road to the north, at x = 10."""
    gymnasium = pytest.importorskip("gymnasium.envs.box2d.car_racing")

    class Car:
        class hull:  # noqa: N801
            position = (10 + gymnasium.TRACK_WIDTH / 2, 31.0)
            angle = 0.25 + 2 * np.pi

    class Environment:
        track = [(0.0, 0.0, 10.0, 3.5 * number) for number in range(20)]  # noqa: RUF012
        car = Car

    assert pose(Environment) == pytest.approx((0.5, 0.25))
