"""Cars in lanes against Gymnasium's, frame by frame: poses, tiles, rewards and ends."""

from __future__ import annotations

import numpy as np
import pytest

from envs.box2d.engine.vectors import LANES
from envs.box2d.racer import lanes as cars_in_lanes
from envs.box2d.racer import pose
from envs.box2d.racer.car import SCENE, WHEEL
from envs.box2d.racer.lanes import FINISHED, GOES_ON, LEFT_FIELD, Cars, copy_car, put, step_cars, take_reward
from envs.box2d.racer.tiles import Tiles
from envs.box2d.racer.track import make_track
from envs.box2d.simulators import has_gymnasiums_bits
from racing import Drive, drive
from wann.kernels.jit import jit

pytest.importorskip("Box2D")

EXACT = has_gymnasiums_bits()
exact = pytest.mark.skipif(not EXACT, reason="Box2D is not known to have the same bits on this platform")


@jit
def rewards_of(cars, ends, rewards):
    for lane in range(len(rewards)):
        rewards[lane] = take_reward(cars, lane, ends[lane])


class Replay:
    """The actions of drives, repeated in lanes, in the given order of drives.

    Attributes:
        rewards: [drive][T].
        poses: [drive][T + 1, POSE].
        on_road: [drive][T + 1, 4] wheels on a tile at the beginning of each frame's step.
        ends: [drive] of the last frame.
    """

    def __init__(self, drives: list[Drive], prepare=lambda cars, tiles: None) -> None:
        tracks = [make_track(each.seed) for each in drives]
        tiles, count = Tiles.of(tracks), len(drives)
        cars = Cars.make(count, max(len(track.tiles) for track in tracks))
        for lane, track in enumerate(tracks):
            put(cars, SCENE.tables, lane, lane, track.points[0])
        frames = max(len(each.actions) for each in drives)
        actions, ends = np.zeros((frames + 1, count, 3), np.float32), np.zeros(count, np.int64)
        for lane, each in enumerate(drives):
            actions[1 : 1 + len(each.actions), lane] = each.actions
        rewards, poses, on_road, ended = np.zeros((frames, count)), [], [], []
        for frame in range(frames + 1):
            step_cars(cars, SCENE.tables, tiles.arrays, WHEEL.vertices, actions[frame], count, ends)
            if frame == 0:
                prepare(cars, tiles)
            else:
                rewards_of(cars, ends, rewards[frame - 1])
            poses.append(cars.poses[:count].copy())
            on_road.append(cars.on_road[:count].copy())
            ended.append(ends.copy())
        lengths = [len(each.actions) for each in drives]
        self.rewards = [rewards[:length, lane] for lane, length in enumerate(lengths)]
        self.poses = [np.array(poses)[: length + 1, lane] for lane, length in enumerate(lengths)]
        self.on_road = [np.array(on_road)[: length + 1, lane] for lane, length in enumerate(lengths)]
        self.ends = [int(ended[length][lane]) for lane, length in enumerate(lengths)]


def assert_equal(drives: list[Drive], replay: Replay) -> None:
    """All bits of what Gymnasium shows."""
    for lane, each in enumerate(drives):
        np.testing.assert_array_equal(replay.poses[lane], each.poses, f"poses of seed {each.seed}")
        np.testing.assert_array_equal(replay.rewards[lane], each.rewards, f"rewards of seed {each.seed}")
        touched = [[bool(tiles) for tiles in wheels] for wheels in each.tiles]
        np.testing.assert_array_equal(replay.on_road[lane], touched)
        assert (replay.ends[lane] != GOES_ON) == each.terminated


def stop_and_go(frame: int) -> list[float]:
    """Brakes until the car sleeps, and drives on."""
    return [0.3, 0.8, 0.0] if frame % 140 < 30 else [0.0, 0.0, 1.0]


@pytest.fixture(scope="module")
def short() -> list[Drive]:
    return [drive(seed, 200, wild) for seed, wild in ((0, 0.0), (1, 0.3), (2, 0.8), (3, 0.3))]


@exact
def test_cars_have_gymnasiums_bits(short):
    assert_equal(short, Replay(short))
    grass = [not all(all(wheels) for wheels in each.tiles) for each in short]
    assert any(grass), "no wheel leaves the road"


def test_cars_are_gymnasiums(short):
    """On every platform: returns to the cent, poses within 5 mm, on all but one of the seeds."""
    replay, same = Replay(short), 0
    for lane, each in enumerate(short):
        places = [pose.HULL_X, pose.HULL_Y]
        apart = np.abs(replay.poses[lane][:, places] - each.poses[:, places]).max()
        same += apart < 0.005 and abs(replay.rewards[lane].sum() - each.rewards.sum()) < 0.01
    assert same >= len(short) - 1


@exact
def test_a_car_that_stands_sleeps_and_wakes():
    slept = drive(5, 300, script=stop_and_go)
    standing = (slept.poses[:, pose.VELOCITY_X : pose.SPIN + 1] == 0).all(axis=1)
    assert standing[10:].any() and not standing[-100:].all()
    assert_equal([slept], Replay([slept]))


@exact
def test_a_car_that_leaves_the_field():
    left = drive(4, 300, script=lambda frame: [0.2 * (60 <= frame < 75), 0.25, 0.0])
    assert left.terminated and left.rewards[-1] == -100
    replay = Replay([left])
    assert_equal([left], replay)
    assert replay.ends == [LEFT_FIELD]


@exact
@pytest.mark.parametrize("lacking", [12, 3])
def test_a_car_that_has_visited_all_tiles(lacking):
    """Nearly all tiles are taken as visited, since no car gets round so soon."""

    def prepare(cars, tiles):
        count = tiles.first[1]
        cars.visited[0, :count] = np.arange(count) != lacking
        cars.progress[0, cars_in_lanes.VISITED] = count - 1

    finished = drive(0, 200, wild=0.0, lacks=lacking)
    assert finished.terminated and len(finished.actions) < 200
    replay = Replay([finished], prepare)
    assert_equal([finished], replay)
    assert replay.ends == [FINISHED]


@exact
def test_a_lap_that_ends_on_tile_0():
    """Which needs a car that has not been on it: 95 % of the tiles are then enough."""
    each = drive(0, 3, script=lambda frame: [0.0, 0.0, 0.0])

    def prepare(share):
        def of(cars, tiles):
            count = tiles.first[1]
            cars.visited[0, :count] = np.arange(count) > 0
            cars.progress[0, cars_in_lanes.VISITED] = int(share * count)

        return of

    assert Replay([each], prepare(0.9)).ends == [GOES_ON]
    assert Replay([each], prepare(0.96)).ends == [FINISHED]


def test_a_lane_is_alone(short):
    """Same bits in another lane, group and company."""
    alone = Replay(short[:1])
    for place in (1, 3, LANES - 1, LANES + 2):
        company = [short[1 + i % 3] for i in range(LANES + 3)]
        company[place] = short[0]
        found = Replay(company)
        np.testing.assert_array_equal(found.poses[place], alone.poses[0])
        np.testing.assert_array_equal(found.rewards[place], alone.rewards[0])


def test_a_copied_car_drives_on_alike(short):
    each = short[0]
    track = make_track(each.seed)
    tiles, ends = Tiles.of([track]), np.zeros(LANES + 3, np.int64)
    cars = Cars.make(LANES + 3, len(track.tiles))
    put(cars, SCENE.tables, 0, 0, track.points[0])
    actions = np.repeat(each.actions[:, None], LANES + 3, axis=1)
    for action in actions[:40]:
        step_cars(cars, SCENE.tables, tiles.arrays, WHEEL.vertices, action, 1, ends)
    copy_car(cars, 0, cars, LANES + 2)
    for action in actions[40:80]:
        step_cars(cars, SCENE.tables, tiles.arrays, WHEEL.vertices, action, LANES + 3, ends)
    np.testing.assert_array_equal(cars.poses[LANES + 2], cars.poses[0])
    assert np.abs(cars.poses[0, :2] - track.points[0, 2:]).max() > 1


@exact
@pytest.mark.slow
def test_ten_whole_episodes_have_gymnasiums_bits():
    drives = [drive(seed, 1000, (0.0, 0.3, 0.8)[seed % 3]) for seed in range(100, 110)]
    assert sum(len(each.actions) for each in drives) > 9000
    assert_equal(drives, Replay(drives))
