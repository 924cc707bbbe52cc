"""Gymnasium's frames of CarRacing in less time: the same pixels, of which only what touches the window is drawn.

Gymnasium moves each of 700 polygons by Python in every frame, and makes the font of its one number anew.
Here NumPy moves them with the same arithmetic, those beside the window are left out, and the number is kept while it
stays the same. Cars, bars and the shrinking are Gymnasium's own methods.

This module alone uses private names of the environment. Where one is missing, Gymnasium draws as it does.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAMES = "state_pixels"  # the mode of the frames that networks see
_METHODS = ("_render", "_render_indicators", "_create_image_array", "bg_color", "grass_color")
_CONSTANTS = ("PLAYFIELD", "GRASS_DIM", "WINDOW_W", "WINDOW_H", "STATE_W", "STATE_H", "SCALE", "ZOOM")
_MARGIN = 8.0  # pixels around the window: more than rounding and the soft edge of a polygon
_STRAIGHT = 1e-4  # rad; pygame's own bound is smaller
_FONT_SIZE = 42
_TEXT_CENTRE = 60, 1 - 2.5 / 40  # pixels from the left, and share of the height


def draw_frames_quickly(environment: Any) -> None:
    """Let CarRacing's unwrapped ``environment`` draw the frames that networks see by `_Frames`."""
    import gymnasium.envs.box2d.car_racing as module

    known = all(hasattr(environment, name) for name in _METHODS)
    if known and all(hasattr(module, name) for name in _CONSTANTS):
        environment._render = _Frames(environment, module)


class _Frames:
    """The replacement of the method ``_render`` of one environment. It keeps the corners of the track drawn last."""

    def __init__(self, environment: Any, module: ModuleType) -> None:
        self._environment, self._module, self._plain = environment, module, environment._render
        self._window = module.WINDOW_W, module.WINDOW_H
        side, size = module.PLAYFIELD, module.GRASS_DIM
        field = [(side, side), (side, -side), (-side, -side), (-side, side)]
        self._ground = [field, *(_square(size, x, y) for x in range(-20, 20, 2) for y in range(-20, 20, 2))]
        self._track: Any = None
        self._corners = np.zeros((0, 4, 2))  # of the ground's polygons and the track's
        self._text: tuple[str, Any] = "", None

    def __call__(self, mode: str) -> Any:
        environment = self._environment
        if mode != FRAMES or environment.screen is not None or environment.car is None or self._is_straight():
            return self._plain(mode)
        import pygame

        width, height = self._window
        environment.surf = pygame.Surface(self._window)
        angle, zoom = -environment.car.hull.angle, self._zoom(environment.t)
        x, y = environment.car.hull.position
        moved = pygame.math.Vector2((-x * zoom, -y * zoom)).rotate_rad(angle)
        place = width / 2 + moved[0], height / 4 + moved[1]
        self._draw_ground(zoom, place, angle)
        environment.car.draw(environment.surf, zoom, place, angle, False)
        environment.surf = pygame.transform.flip(environment.surf, False, True)
        environment._render_indicators(width, height)
        text = self._shown(f"{environment.reward:04.0f}")
        bounds = text.get_rect()
        bounds.center = (_TEXT_CENTRE[0], height * _TEXT_CENTRE[1])
        environment.surf.blit(text, bounds)
        return environment._create_image_array(environment.surf, (self._module.STATE_W, self._module.STATE_H))

    def _is_straight(self) -> bool:
        """True near right angles, at which pygame turns points without sines."""
        return abs(math.remainder(self._environment.car.hull.angle, math.pi / 2)) < _STRAIGHT

    def _zoom(self, time: float) -> float:
        """Pixels of a metre; the camera comes down in the first second."""
        scale = self._module.SCALE
        return 0.1 * scale * max(1 - time, 0) + self._module.ZOOM * scale * min(time, 1)

    def _draw_ground(self, zoom: float, place: tuple[float, float], angle: float) -> None:
        from pygame import gfxdraw

        environment = self._environment
        if self._track is not environment.road_poly:
            self._track = environment.road_poly
            self._corners = np.array([*self._ground, *(polygon for polygon, _ in self._track)], np.float64)
        pixels = _turned(self._corners, angle) * zoom + np.array(place)
        touching = np.flatnonzero(_touches(pixels, self._window))
        # Gymnasium's whole numbers are cut off too.
        for index, polygon in zip(touching.tolist(), pixels[touching].astype(np.int64).tolist(), strict=True):
            colour = self._colour(index)
            gfxdraw.aapolygon(environment.surf, polygon, colour)
            gfxdraw.filled_polygon(environment.surf, polygon, colour)

    def _colour(self, index: int) -> Any:
        """The colour of a polygon. That of a tile changes in place."""
        on_track = index - len(self._ground)
        if on_track >= 0:
            return [int(part) for part in self._track[on_track][1]]
        return self._environment.grass_color if index else self._environment.bg_color

    def _shown(self, number: str) -> Any:
        """A picture of the number."""
        import pygame

        if self._text[0] != number:
            pygame.font.init()
            font = pygame.font.Font(pygame.font.get_default_font(), _FONT_SIZE)
            self._text = number, font.render(number, True, (255, 255, 255), (0, 0, 0))
        return self._text[1]


def _turned(points: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """Points [..., 2] turned by an angle, with the bits of pygame's ``Vector2.rotate_rad``."""
    cosine, sine = math.cos(angle), math.sin(angle)
    x, y = points[..., 0], points[..., 1]
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1)


def _touches(pixels: NDArray[np.float64], window: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask of the polygons [n, 4, 2] whose bounds touch the window."""
    low, high = pixels.min(axis=1), pixels.max(axis=1)
    return np.logical_and((high >= -_MARGIN).all(axis=1), (low <= np.array(window) + _MARGIN).all(axis=1))


def _square(size: float, x: int, y: int) -> list[tuple[float, float]]:
    """A patch of grass, as Gymnasium has it."""
    return [
        (size * x + size, size * y + 0),
        (size * x + 0, size * y + 0),
        (size * x + 0, size * y + size),
        (size * x + size, size * y + size),
    ]
