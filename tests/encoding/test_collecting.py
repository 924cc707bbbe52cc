"""Driving and collecting: what the pictures are, and where the car was."""

from itertools import islice

import numpy as np
import pytest

from encoding import collecting
from encoding.collecting import ChampionDriver, Frames, collect, in_gymnasium, in_lanes, join, place
from encoding.driving import Follower, Wanderer, road_ahead
from envs.box2d.racer.frames import pictures
from envs.box2d.racer.task import CarRacing
from envs.box2d.racer.track import DETAIL_STEP, TRACK_WIDTH
from networks import random_networks
from wann.genome import minimal_genome
from wann.network import compile_genome

GRASS, ROAD = (0.8, 0.4), (0.4, 0.4)


def assert_same(found: Frames, expected: Frames) -> None:
    for name in Frames.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def picture_of_a_road(first: int, last: int) -> np.ndarray:
    """A road between two columns, which are part of it."""
    picture = np.tile(np.float32(GRASS)[:, None, None], (1, 28, 32))
    picture[:, :, first : last + 1] = np.float32(ROAD)[:, None, None]
    return picture


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(collecting, "EPISODE_STEPS", 61)
    monkeypatch.setattr(collecting, "EPISODES", 12)


@pytest.mark.parametrize(("columns", "expected"), [((8, 11), -0.375), ((15, 16), 0), ((24, 25), 0.5625)])
def test_the_road_is_seen_where_it_is(columns, expected):
    assert road_ahead(picture_of_a_road(0, -1)) is None
    assert road_ahead(picture_of_a_road(*columns)) == pytest.approx(expected)


@pytest.mark.parametrize("driver", [Wanderer, Follower])
def test_actions_are_in_range_held_and_keyed(driver):
    picture = picture_of_a_road(17, 23)
    one, other = (driver(np.random.default_rng(5)) for _ in range(2))
    actions = np.array([one.act(picture) for _ in range(500)])
    np.testing.assert_array_equal(actions, [other.act(picture) for _ in range(500)])
    assert actions.dtype == np.float32
    assert (actions >= [-1, 0, 0]).all() and (actions <= [1, 1, 1]).all()
    changes = (np.diff(actions, axis=0) != 0).any(axis=1).sum()
    assert 500 / 40 <= changes <= 500 / 5


@pytest.mark.slow
def test_pictures_of_lanes(short):
    first, second = islice(in_lanes(3), 2)
    # Every tenth step of the first fifty, every fourth from then on.
    assert first.step.tolist() == [0, 10, 20, 30, 40, 52, 56, 60] * 12
    np.testing.assert_array_equal(first.episode, np.arange(12).repeat(8))
    np.testing.assert_array_equal(second.episode, np.arange(12, 24).repeat(8))
    assert first.pictures.shape == (96, 2, 28, 32) and first.pictures.dtype == np.uint8
    assert len(np.unique(first.pictures[first.step == 60], axis=0)) == 12
    assert abs(first.truth[first.step == 0, :2]).max() < 0.1, "a car starts in the middle of the road, looking along it"
    assert_same(next(in_lanes(3)), first)
    assert not np.array_equal(next(in_lanes(4)).pictures, first.pictures)


@pytest.mark.slow
def test_so_many_pictures_as_asked(short):
    counted = []
    found = collect(in_lanes(3), 100, counted.append)
    assert_same(found, join(list(islice(in_lanes(3), 2))).take(slice(100)))
    assert counted == [96, 100]


@pytest.mark.slow
def test_frames_of_gymnasium(short):
    pytest.importorskip("Box2D")
    frames = next(in_gymnasium(0))
    assert frames.step.tolist() == [0, 10, 20, 30, 40, 52, 56, 60]
    assert frames.screens.shape == (8, 96, 96, 3)
    np.testing.assert_array_equal(frames.pictures, np.rint(pictures(frames.screens) * 255))
    assert abs(frames.truth[0, :2]).max() < 0.1


@pytest.mark.slow
def test_a_champion_drives_every_other_episode(short):
    (network,) = random_networks(16, 3, 1, np.random.default_rng(1))
    driver = ChampionDriver(CarRacing(), network, 0.5)
    without, driven = next(in_lanes(0)), next(in_lanes(0, driver))
    same = [
        np.array_equal(without.take(without.episode == e).pictures, driven.take(driven.episode == e).pictures)
        for e in range(12)
    ]
    assert same == [True, False] * 6


def test_a_champion_without_an_answer_ends_its_episodes(short, monkeypatch):
    """Its outputs are no numbers; the other drivers go on."""
    monkeypatch.setattr(collecting, "EPISODE_STEPS", 21)
    full = minimal_genome(16, 3)
    network = compile_genome(minimal_genome(16, 3, full.sources < 2))
    frames = next(in_lanes(3, ChampionDriver(CarRacing(), network, np.nan)))
    assert [(frames.episode == episode).sum() for episode in range(12)] == [3, 1] * 6
    assert np.isfinite(frames.truth).all()


def test_place_is_right_positive_and_left_positive():
    """On a road to the north, at x = 10, that turns to the left by a quarter from its 13th to its 16th tile."""
    number = np.arange(30)
    points = np.stack([0 * number, 0.0 * number, 10.0 + 0 * number, DETAIL_STEP * number], axis=1)
    points[13:, 1] = np.minimum((number[13:] - 12) * np.pi / 8, np.pi / 2)
    found = place(points, [10 + TRACK_WIDTH / 2, 10 * DETAIL_STEP + 1, 0.25 + 2 * np.pi])
    forward, left = 6 * DETAIL_STEP - 1, TRACK_WIDTH / 2
    right_of_car = forward * np.sin(0.25) - left * np.cos(0.25)
    assert found == pytest.approx((0.5, 0.25, right_of_car / TRACK_WIDTH, np.pi / 2))
