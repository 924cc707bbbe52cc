"""What a racer sees in lanes against Gymnasium's own frames: the picture and the dashboard."""

from typing import Any, cast

import numpy as np
import pytest

pytest.importorskip("Box2D")

from encoding.driving import Follower, Wanderer
from envs.box2d.racer.dashboard import FULL, READINGS, read, shown
from envs.box2d.racer.frame_drawing import _Frames
from envs.box2d.racer.frames import PICTURE_SHAPE, pictures
from envs.box2d.racer.picture import PLANES, draw
from envs.box2d.racer.pose import HULL_ANGLE, POSE, TIME, pose_of
from envs.box2d.racer.task import CarRacing
from envs.box2d.racer.track import TRACK_WIDTH, Track, X, Y, make_track

# Squared errors are counted as of images of 64 x 64 pixels in three colours.
SCALE = 64 * 64 * 3 / np.prod(PICTURE_SHAPE)


def drawn(track: Track, pose: np.ndarray, shape: tuple[int, ...] = PICTURE_SHAPE) -> np.ndarray:
    image = np.empty(shape, np.float32)
    planes = np.empty((PLANES, shape[1] + 1, shape[2]), np.float32)
    draw(track.points, track.borders, track.tiles, pose, planes, image)
    return image


def readings_of(pose: np.ndarray) -> np.ndarray:
    readings = np.empty(READINGS, np.float32)
    shown(pose, readings)
    return readings


@pytest.fixture(scope="module")
def environment() -> Any:
    import gymnasium

    environment = gymnasium.make("CarRacing-v3", disable_env_checker=True)
    yield environment
    environment.close()


@pytest.fixture(scope="module", params=[(5, Wanderer), (6, Follower)])
def episode(request, environment) -> tuple[Track, np.ndarray, np.ndarray]:
    """A track, and the frames [F, 96, 96, 3] and poses [F, POSE] of a drive on it, from the zoom on."""
    seed, kind = request.param
    frame, _ = environment.reset(seed=seed)
    driver = kind(np.random.default_rng(seed))
    frames, poses = [], []
    for step in range(160):
        if step % 5 == 0:
            frames.append(frame)
            poses.append(pose_of(environment.unwrapped))
        frame, *_ = environment.step(driver.act(pictures(frame[None])[0]))
    return make_track(seed), np.array(frames), np.array(poses)


def put_car(environment: Any, x: float, y: float, angle: float) -> None:
    """Put a car of Gymnasium's elsewhere, with its wheels where they belong."""
    car = environment.unwrapped.car
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    car.hull.position, car.hull.angle = (x, y), angle
    for wheel, (own_x, own_y) in zip(car.wheels, [(-1.1, 1.6), (1.1, 1.6), (-1.1, -1.64), (1.1, -1.64)], strict=True):
        wheel.position, wheel.angle = (np.array([x, y]) + turn @ [own_x, own_y]).tolist(), angle


def rendered(environment: Any, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """The frame and the pose of the car where it is."""
    environment.unwrapped.t = seconds
    return environment.unwrapped._render("state_pixels"), pose_of(environment.unwrapped)


def squared_error(track: Track, frame: np.ndarray, pose: np.ndarray) -> float:
    return float(SCALE * ((drawn(track, pose) - pictures(frame[None])[0]) ** 2).sum())


def test_pictures_are_those_of_gymnasium(episode):
    track, frames, poses = episode
    found = np.array([drawn(track, pose) for pose in poses])
    difference = found - pictures(frames)
    assert SCALE * (difference**2).sum((1, 2, 3)).mean() < 0.5
    assert SCALE * (difference**2).sum((1, 2, 3)).max() < 1.5
    assert abs(difference).mean() < 1 / 255
    assert abs(difference.mean((0, 2, 3))).max() < 0.5 / 255, "no channel is brighter or darker"


def test_a_road_that_comes_near_itself_is_seen_twice(environment):
    """Where two parts of a road lie side by side, and where a third of a picture is off the field."""
    environment.reset(seed=7)
    track = make_track(7)
    place = track.points[:, [X, Y]]
    apart = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    index = np.arange(len(place))
    far = abs((index[:, None] - index[None] + len(place) // 2) % len(place) - len(place) // 2) > 20
    here, there = np.unravel_index(np.where(far, apart, np.inf).argmin(), apart.shape)
    assert apart[here, there] < 6 * TRACK_WIDTH, "this track has such a place"
    middle = (place[here] + place[there]) / 2
    for x, y, angle in [(*middle, 0.0), (*middle, 2.2), (300.0, -310.0, -2.0), (326.0, 0.0, 4.5), (0, 330.0, 30.0)]:
        put_car(environment, x, y, angle)
        for seconds in (0.3, 2.0):
            assert squared_error(track, *rendered(environment, seconds)) < 1.5


def test_pictures_do_not_depend_on_where_a_track_begins():
    """All tiles in sight are found, wherever the search for them starts."""
    track = make_track(8)
    plain = Track(track.points, np.zeros_like(track.borders), track.tiles)
    rng = np.random.default_rng(0)
    for seconds in (0.02, 0.5, 3.0):
        for _ in range(10):
            pose = np.zeros(POSE)
            pose[:2], pose[HULL_ANGLE], pose[TIME] = rng.uniform(-250, 250, 2), rng.uniform(-9, 9), seconds
            expected = drawn(plain, pose)
            for shift in (1, 60, 150):
                points, tiles = np.roll(track.points, shift, axis=0), np.roll(track.tiles, shift, axis=0)
                moved = Track(points, plain.borders, tiles)
                np.testing.assert_allclose(drawn(moved, pose), expected, atol=2e-5)


def test_a_pixel_is_the_mean_of_those_of_a_finer_picture():
    track, pose = make_track(9), np.zeros(POSE)
    pose[:2], pose[HULL_ANGLE], pose[TIME] = track.points[40, [X, Y]] + 0.3, 1.0, 2.0
    fine = drawn(track, pose, (2, 84, 96))
    coarse = fine.reshape(2, 28, 3, 32, 3).mean((2, 4))
    difference = abs(drawn(track, pose) - coarse)
    difference[:, 22:26, 14:18] = 0  # the car, whose parts are mixed as if they lay at random
    # Where a square of grass ends at the road, both edges are mixed like this too.
    assert difference.max() < 0.02 and difference.mean() < 1e-4


def test_dashboards_are_read_as_they_are_drawn(episode):
    _, frames, poses = episode
    np.testing.assert_array_equal(read(frames), [readings_of(pose) for pose in poses])
    assert len(np.unique(read(frames), axis=0)) > 20


def test_extreme_dashboards_are_read_as_they_are_drawn(environment):
    """Wheels that turn backwards, bars beyond the dashboard's ends, and steering hidden behind turning."""
    environment.reset(seed=9)
    car = environment.unwrapped.car
    rng = np.random.default_rng(1)
    for step in range(60):
        environment.step(np.float32([(-1) ** (step // 12), 0, 0]))
        car.hull.linearVelocity = tuple(rng.choice([0, 1e-5, 3, 90]) * rng.normal(size=2))
        car.hull.angularVelocity = float(rng.choice([0, 5e-5, 0.1, 5, 14]) * rng.uniform(-1, 1))
        for wheel in car.wheels:
            wheel.omega = float(rng.choice([0, 1e-5, 10, 100, 200]) * rng.uniform(-1, 1))
        frame, pose = rendered(environment, 2.0)
        np.testing.assert_array_equal(read(frame[None])[0] * FULL, readings_of(pose) * FULL)


def test_frames_drawn_quickly_have_gymnasiums_pixels(environment):
    """While the camera comes down, in a bend, in a corner of the field, and on the track of another seed."""
    quick = CarRacing().make_environment()
    assert isinstance(cast(Any, quick.unwrapped)._render, _Frames)
    for seed in (3, 4):
        np.testing.assert_array_equal(environment.reset(seed=seed)[0], quick.reset(seed=seed)[0])
        for steps, place in ((12, None), (3, (330.0, -325.0))):
            for _ in range(steps):
                frames = [_driven(each, place) for each in (environment, quick)]
                np.testing.assert_array_equal(*frames)
    quick.close()


def _driven(environment: Any, place: tuple[float, float] | None) -> np.ndarray:
    """The next frame, in a bend; the car is put to ``place`` first."""
    if place is not None:
        environment.unwrapped.car.hull.position = place
        environment.unwrapped.car.hull.angle = 0.0  # north, where points are turned without sines
    return environment.step(np.array([0.6, 0.8, 0.0], np.float32))[0]
