"""CarRacing's tracks against Gymnasium's own."""

import gymnasium
import numpy as np
import pytest

from envs.box2d.racer.track import Track, make_track

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
    """Tiles, each followed by its kerb, with colours."""
    kerbs = dict(zip(track.kerb_tiles.tolist(), zip(track.kerbs, track.kerb_colors, strict=True), strict=True))
    found = []
    for number, (tile, grey) in enumerate(zip(track.tiles, track.tile_colors, strict=True)):
        found.append((tile, [int(grey)] * 3))
        if number in kerbs:
            corners, color = kerbs[number]
            found.append((corners, color.tolist()))
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
    assert track.borders.sum() == len(track.kerbs) > 0
    return attempts


@pytest.mark.parametrize(("seed", "attempts"), [(0, 1), (7, 1), (36, 2)])
def test_a_track_is_gymnasiums(seed, attempts):
    """The first road of seed 36 does not close."""
    assert assert_equal_to_gymnasium(seed) == attempts


@pytest.mark.slow
def test_a_hundred_tracks_are_gymnasiums():
    attempts = [assert_equal_to_gymnasium(seed) for seed in range(100)]
    assert sum(attempts) > 100
