"""Pictures from driving: in lanes to train on, and in Gymnasium, from its own frames, to measure on.

The pictures depend on the seed and the count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import count as numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoding.driving import Driver, Follower, Wanderer
from envs.box2d.racer.frames import PICTURE_SHAPE, pictures
from envs.box2d.racer.pose import HULL_ANGLE, HULL_X, HULL_Y
from envs.box2d.racer.task import CarRacing, to_actions
from wann.network import Network

EPISODE_STEPS = 320
ZOOM_STEPS = 50  # in which the camera comes down from above the field
STRIDE, ZOOM_STRIDE = 4, 10  # steps from one kept picture to the next
EPISODES = 48  # driven together in lanes
WANDERERS = 6  # one episode in so many is driven blindly
# Where the car was: its offset from the road's middle, to the right in half widths of the road; its heading, to the
# left of the road's direction, in radians; the place of the road `AHEAD` tiles on, to the car's right in half widths;
# and the turn of the road to there, to the left in radians.
TRUTHS = ("offset", "heading", "road ahead", "turn")
AHEAD = 6  # tiles, 21 metres

# Called with the number of pictures collected so far.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Frames:
    """F pictures and where the car was."""

    pictures: NDArray[np.uint8]  # [F, 2, 28, 32]
    step: NDArray[np.int64]  # [F], of the episode
    episode: NDArray[np.int64]  # [F]
    truth: NDArray[np.float64]  # [F, 4], see `TRUTHS`
    # [F, 96, 96, 3] as Gymnasium shows them; [F, 0, 0, 3] of lanes, which have none.
    screens: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.pictures)

    def take(self, rows: Any) -> Frames:
        return Frames(*(getattr(self, field.name)[rows] for field in fields(self)))


def join(parts: list[Frames]) -> Frames:
    return Frames(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Frames)))


@dataclass(frozen=True)
class ChampionDriver:
    """Drives every other episode in lanes as a champion does at one weight, seeing what it was evolved with."""

    task: CarRacing
    network: Network
    weight: float


def collect(episodes: Iterator[Frames], count: int, progress: Progress) -> Frames:
    """The first ``count`` pictures of episodes."""
    parts: list[Frames] = []
    have = 0
    while have < count:
        parts.append(next(episodes))
        have += len(parts[-1])
        progress(min(have, count))
    return join(parts).take(slice(count))


def in_lanes(seed: int, champion: ChampionDriver | None = None) -> Iterator[Frames]:
    """Episodes in lanes without end, 48 at a time."""
    for first in numbers(0, EPISODES):
        yield _drive_together(range(first, first + EPISODES), seed, champion)


def in_gymnasium(seed: int) -> Iterator[Frames]:
    """Episodes in Gymnasium without end: others than those of `in_lanes`, on other tracks."""
    for episode in numbers():
        yield _drive_in_gymnasium(episode, *_generator_and_track(seed, 1, episode))


def _generator_and_track(seed: int, source: int, episode: int) -> tuple[np.random.Generator, int]:
    """The generator of an episode's driver, and the seed of its track."""
    key = (source, episode)
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=key)))
    return rng, int(rng.integers(2**31))


def _driver(episode: int, rng: np.random.Generator) -> Driver:
    return Wanderer(rng) if episode % WANDERERS == 0 else Follower(rng)


def _is_kept(step: int) -> bool:
    return step % (STRIDE if step >= ZOOM_STEPS else ZOOM_STRIDE) == 0


def _drive_together(episodes: range, seed: int, champion: ChampionDriver | None) -> Frames:
    from envs.box2d.racer.car import SCENE, WHEEL
    from envs.box2d.racer.episodes import Course
    from envs.box2d.racer.lanes import Cars, copy_car, step_cars
    from envs.box2d.racer.sight import draw_all
    from envs.box2d.racer.track import make_track

    begun = [_generator_and_track(seed, 0, episode) for episode in episodes]
    drivers = [_driver(episode, rng) for episode, (rng, _) in zip(episodes, begun, strict=True)]
    tracks = [make_track(track) for _, track in begun]
    size = len(tracks)
    course, cars = Course(tracks), Cars.make(size, max(len(track.tiles) for track in tracks))
    for lane in range(size):
        copy_car(course.starts, lane, cars, lane)
    acting = None if champion is None else _Acting(champion, size)
    images = np.empty((size, *PICTURE_SHAPE), np.float32)
    actions, ends = np.zeros((len(cars.track), 3), np.float32), np.zeros(len(cars.track), np.int64)
    live = np.ones(size, np.bool_)
    parts = []
    for step in range(EPISODE_STEPS):
        draw_all(*course.roads, cars.poses, cars.track, images)
        if _is_kept(step):
            parts.append(_kept(images, cars.poses, tracks, live, step, episodes))
        for lane in range(size):
            actions[lane] = drivers[lane].act(images[lane])
        if acting is not None:
            chosen = acting.act(course.roads, cars, step)
            silent = np.flatnonzero(np.isnan(chosen).any(axis=1))
            chosen[silent] = 0
            actions[1:size:2] = chosen[1::2]
            live[silent[silent % 2 == 1]] = False  # without an answer the episode ends, as in any evaluation
        step_cars(cars, SCENE.tables, course.tiles.arrays, WHEEL.vertices, actions, size, ends)
        live &= ends[:size] == 0
    together = join(parts)
    return together.take(np.argsort(together.episode, kind="stable"))


def _kept(
    images: NDArray[np.float32], poses: NDArray, tracks: list, live: NDArray[np.bool_], step: int, episodes: range
) -> Frames:
    """The pictures of episodes that go on."""
    lanes = np.flatnonzero(live)
    truth = [place(tracks[lane].points, poses[lane]) for lane in lanes]
    size = len(lanes)
    return Frames(
        to_bytes(images[lanes]),
        np.full(size, step),
        np.array(episodes)[lanes],
        np.array(truth).reshape(size, len(TRUTHS)),
        np.empty((size, 0, 0, 3), np.uint8),
    )


class _Acting:
    """A champion's actions in lanes."""

    def __init__(self, champion: ChampionDriver, size: int) -> None:
        self._champion, self._sight = champion, champion.task.sight()
        self._inputs = np.empty((size, self._sight.num_inputs))
        self._memory = np.zeros((size, self._sight.memory))

    def act(self, roads: Any, cars: Any, step: int) -> NDArray[np.float32]:
        """Actions [size, 3] of all lanes."""
        from wann.oracle import forward_lanes

        size = len(self._inputs)
        self._sight.see(roads, cars.poses, cars.track, np.full(size, step), self._memory, self._inputs)
        weights = [self._champion.weight] * size
        return to_actions(forward_lanes(self._champion.network, weights, self._inputs))


def _drive_in_gymnasium(episode: int, rng: np.random.Generator, seed: int) -> Frames:
    import gymnasium

    environment = gymnasium.make("CarRacing-v3", disable_env_checker=True)
    driver = _driver(episode, rng)
    screens, steps, truths = [], [], []
    try:
        screen, _ = environment.reset(seed=seed)
        car_racing: Any = environment.unwrapped
        points = np.array(car_racing.track)
        for step in range(EPISODE_STEPS):
            if _is_kept(step):
                screens.append(screen)
                steps.append(step)
                truths.append(place(points, [*car_racing.car.hull.position, car_racing.car.hull.angle]))
            screen, _, terminated, truncated, _ = environment.step(driver.act(pictures(screen[None])[0]))
            if terminated or truncated:
                break
    finally:
        environment.close()
    seen = np.stack(screens)
    return Frames(to_bytes(pictures(seen)), np.array(steps), np.full(len(steps), episode), np.array(truths), seen)


def to_bytes(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Pictures as bytes. Rounding moves a pixel by at most 1 / 510 and lets four times as many stay in memory."""
    return np.rint(images * 255).astype(np.uint8)


def place(points: NDArray[np.float64], pose: Any) -> tuple[float, float, float, float]:
    """Where a car is on a road with these points [n, 4]; see `TRUTHS`."""
    from envs.box2d.racer.track import BETA, TRACK_WIDTH, X, Y

    x, y, angle = pose[HULL_X], pose[HULL_Y], pose[HULL_ANGLE]
    away_x, away_y = points[:, X] - x, points[:, Y] - y
    here = int(np.argmin(away_x**2 + away_y**2))
    there = (here + AHEAD) % len(points)
    direction = points[here, BETA]
    offset = -(away_x[here] * np.cos(direction) + away_y[here] * np.sin(direction)) / TRACK_WIDTH
    ahead = (away_x[there] * np.cos(angle) + away_y[there] * np.sin(angle)) / TRACK_WIDTH
    return float(offset), _turn(angle - direction), float(ahead), _turn(points[there, BETA] - direction)


def _turn(angle: float) -> float:
    """An angle between -pi and pi."""
    return float((angle + np.pi) % (2 * np.pi) - np.pi)
