"""Data for drawing Box2D's worlds on a page: static parts once, and moving parts as a row for each frame."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable
from typing import Any, Protocol

import gymnasium
import numpy as np
from numpy.typing import NDArray


class Scene(Protocol):
    """The scene of one episode. It is made after the start state is drawn."""

    still: dict[str, Any]  # the same in all episodes of a seed; ``kind`` names the scene in JavaScript

    def pose(self) -> list[float]:
        """The row of moving parts for the current frame."""
        ...

    def extras(self) -> dict[str, Any]:
        """Further data that are known only at the end of the episode."""
        ...


class WalkerScene:
    """BipedalWalker: lengths in m. A pose is the hull's x, y, angle, and of each part of a leg the same from there."""

    def __init__(self, environment: gymnasium.Env) -> None:
        from gymnasium.envs.box2d import bipedal_walker as walker

        world: Any = environment.unwrapped
        self._world = world
        blocks = [fixture.shape.vertices for body in world.terrain for fixture in body.fixtures]
        self.still = {
            "kind": "walker",
            "ground": _rounded(np.column_stack([world.terrain_x, world.terrain_y])),
            "blocks": [_rounded(np.array(block)) for block in blocks if len(block) > 2],  # of the hardcore field
            "start": round(float(world.hull.position[0]), 3),
            "finish": (walker.TERRAIN_LENGTH - walker.TERRAIN_GRASS) * walker.TERRAIN_STEP,
            "hull": _rounded(np.array(walker.HULL_POLY) / walker.SCALE),
            "legs": [_rounded(np.array(leg.fixtures[0].shape.vertices)) for leg in world.legs],
            "lidar": {"range": walker.LIDAR_RANGE, "angles": [1.5 * ray / 10 for ray in range(10)], "first": 14},
            "contacts": [8, 13],  # inputs that tell a foot on the ground
        }

    def pose(self) -> list[float]:
        hull = self._world.hull
        x, y = hull.position
        row = [x, y, hull.angle]
        for leg in self._world.legs:
            row += [leg.position[0] - x, leg.position[1] - y, leg.angle]
        return row

    def extras(self) -> dict[str, Any]:
        return {}


class RacerScene:
    """CarRacing: lengths in m. A pose is the car's x, y, angle, and the angle of its front wheels."""

    def __init__(self, environment: gymnasium.Env) -> None:
        from gymnasium.envs.box2d import car_dynamics as car
        from gymnasium.envs.box2d.car_racing import PLAYFIELD

        world: Any = environment.unwrapped
        self._world = world
        tiles = [np.array(tile.fixtures[0].shape.vertices) for tile in world.road]
        # Kerbs are drawn in white or red; a tile of the road has the colour of an array.
        kerbs = [(polygon, colour) for polygon, colour in world.road_poly if isinstance(colour, tuple)]
        self._visited, self._poses = [-1] * len(tiles), 0
        self.still = {
            "kind": "racer",
            "field": PLAYFIELD,
            "tiles": [_rounded(tile, 2) for tile in tiles],
            "kerbs": [{"polygon": _rounded(np.array(p), 2), "red": colour[1] == 0} for p, colour in kerbs],
            "hull": [
                _rounded(np.array(polygon) * car.SIZE)
                for polygon in (car.HULL_POLY1, car.HULL_POLY2, car.HULL_POLY3, car.HULL_POLY4)
            ],
            "wheels": _rounded(np.array(car.WHEELPOS) * car.SIZE),
            "wheel": [car.WHEEL_W * car.SIZE, car.WHEEL_R * car.SIZE],
        }

    def pose(self) -> list[float]:
        for index, tile in enumerate(self._world.road):
            if self._visited[index] < 0 and tile.road_visited:
                self._visited[index] = self._poses
        self._poses += 1
        hull = self._world.car.hull
        return [*hull.position, hull.angle, self._world.car.wheels[0].joint.angle]

    def extras(self) -> dict[str, Any]:
        """``visited``: the frame in which each tile was reached, or -1."""
        return {"visited": self._visited}


class PictureScene:
    """Any environment that renders: its pictures, which are thinned out in long episodes."""

    _MOST = 120
    _SIZE = (360, 240)  # pixels, at most

    def __init__(self, environment: gymnasium.Env) -> None:
        self._environment = environment
        self._pictures: list[str] = []
        self._every, self._poses = 1, 0
        self._last: tuple[NDArray, str] | None = None
        self.still = {"kind": "pictures"}

    def pose(self) -> list[float]:
        if self._poses % self._every == 0:
            self._pictures.append(self._picture())
        self._poses += 1
        if len(self._pictures) > self._MOST:
            self._pictures, self._every = self._pictures[::2], 2 * self._every
        return []

    def _picture(self) -> str:
        """Where nothing has moved, the picture before is taken again."""
        frame = np.asarray(self._environment.render(), np.uint8)
        if self._last is None or not np.array_equal(frame, self._last[0]):
            self._last = frame.copy(), _webp(frame, self._SIZE)  # some environments draw into one array again and again
        return self._last[1]

    def extras(self) -> dict[str, Any]:
        """``pictures``: base64 of WebP files, of every ``every``-th frame."""
        return {"pictures": self._pictures, "every": self._every}


SCENES: dict[str, Callable[[gymnasium.Env], Scene]] = {"bipedal_walker": WalkerScene, "car_racing": RacerScene}


def _webp(frame: NDArray[np.uint8], size: tuple[int, int]) -> str:
    from PIL import Image

    picture = Image.fromarray(frame).convert("RGB")
    picture.thumbnail(size)
    with io.BytesIO() as file:
        picture.save(file, "WEBP", quality=60)
        return base64.b64encode(file.getvalue()).decode("ascii")


def _rounded(points: NDArray, digits: int = 3) -> list[list[float]]:
    assert all(math.isfinite(value) for value in points.ravel())
    return [[round(float(x), digits), round(float(y), digits)] for x, y in points]
