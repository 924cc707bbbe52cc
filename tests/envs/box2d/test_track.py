"""CarRacing's tracks against Gymnasium's own."""

import gymnasium
import numpy as np
import pytest

from envs.box2d.racer.track import BETA, KERB_WIDTH, TRACK_WIDTH, Track, make_track, strip

pytest.importorskip("Box2D")


def gymnasium_track(seed: int):
    """Gymnasium's environment with the track of a seed, and the number of attempts that it took."""
    from gymnasium.envs.box2d.car_racing import CarRacing

    environment = CarRacing()
    gymnasium.Env.reset(environment, seed=seed)
    environment.road_poly = []
    attempts = 1
    while not environment._create_track():
        attempts += 1
    return environment, attempts


def polygons(track: Track) -> list[tuple[np.ndarray, list[int]]]:
    """Tiles, each followed by its kerb, with colours: three greys in turn; white at even tiles, red at odd ones."""
    found = []
    for number, (tile, has_kerb) in enumerate(zip(track.tiles, track.borders.tolist(), strict=True)):
        found.append((tile, [int(102 + 0.01 * (number % 3) * 255)] * 3))
        if has_kerb:
            here, before = track.points[number], track.points[number - 1]
            side = np.sign(before[BETA] - here[BETA])
            corners = np.empty((4, 2))
            strip(here, before, side * TRACK_WIDTH, side * (TRACK_WIDTH + KERB_WIDTH), corners)
            found.append((corners, [255, 0, 0] if number % 2 else [255, 255, 255]))
    return found


def assert_equal_to_gymnasium(seed: int) -> int:
    environment, attempts = gymnasium_track(seed)
    track = make_track(seed)
    np.testing.assert_array_equal(track.points, np.array(environment.track, np.float64))
    ours = polygons(track)
    assert len(ours) == len(environment.road_poly)
    for (corners, color), (expected, expected_color) in zip(ours, environment.road_poly, strict=True):
        np.testing.assert_array_equal(corners, np.array(expected))
        assert color == [int(level) for level in expected_color]
    assert track.borders.any()
    return attempts


@pytest.mark.parametrize(("seed", "attempts"), [(0, 1), (7, 1), (36, 2)])
def test_a_track_is_gymnasiums(seed, attempts):
    """The first road of seed 36 does not close."""
    assert assert_equal_to_gymnasium(seed) == attempts


@pytest.mark.slow
def test_a_hundred_tracks_are_gymnasiums():
    attempts = [assert_equal_to_gymnasium(seed) for seed in range(100)]
    assert sum(attempts) > 100
