"""Pictures of CartPoleSwingUp. A frame is drawn with pygame at twice its size, then shrunk to smooth the edges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pygame

from envs.cartpole.physics import POLE_LENGTH, TRACK_LIMIT

WIDTH, HEIGHT = 720, 360  # pixels
_FINE = 2  # drawn at this multiple of the size
_SCALE = 116 * _FINE  # pixels per metre
_AXLE = np.array([WIDTH / 2, 206]) * _FINE  # where the pole turns when the cart is in the middle
_RAIL = int(_AXLE[1] + 23 * _FINE)  # height of the rail's upper edge

Colour = tuple[int, int, int]
Point = tuple[float, float]

PAPER: Colour = (250, 248, 243)
PANEL: Colour = (236, 232, 222)
INK: Colour = (52, 60, 78)
FAINT: Colour = (160, 162, 166)
RAIL: Colour = (104, 113, 130)
STOP: Colour = (196, 86, 74)
CART: Colour = (56, 74, 110)
CART_EDGE: Colour = (84, 106, 150)
HANGING: Colour = (205, 92, 74)
LEVEL: Colour = (232, 168, 74)
UPRIGHT: Colour = (42, 157, 143)
FORCE: Colour = (238, 164, 60)


@dataclass(frozen=True)
class Frame:
    """The state that one picture shows."""

    x: float  # m
    angle: float  # rad, 0 upright
    action: float  # -1..1
    seconds: float
    reward: float
    total: float  # sum of rewards so far
    tips: tuple[Point, ...] = ()  # earlier (x, angle), oldest first


def draw(frame: Frame) -> pygame.Surface:
    """The frame as a surface of WIDTH x HEIGHT."""
    canvas = _scenery().copy()
    _draw_trail(canvas, frame.tips)
    _draw_force(canvas, frame)
    _draw_cart(canvas, frame.x)
    _draw_pole(canvas, frame)
    surface = pygame.transform.smoothscale(canvas, (WIDTH, HEIGHT))
    _draw_readout(surface, frame)
    return surface


def upright_colour(angle: float) -> Colour:
    """The colour of an angle: red (hanging) through amber (level) to green (upright)."""
    upright = (np.cos(angle) + 1) / 2
    return _mix(HANGING, LEVEL, 2 * upright) if upright < 0.5 else _mix(LEVEL, UPRIGHT, 2 * upright - 1)


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _axle(x: float) -> Point:
    return _AXLE[0] + _SCALE * x, _AXLE[1]


def _tip(x: float, angle: float) -> Point:
    left, top = _axle(x)
    return left + _SCALE * POLE_LENGTH * np.sin(angle), top - _SCALE * POLE_LENGTH * np.cos(angle)


@cache
def _scenery() -> pygame.Surface:
    """The static parts: rail, ticks, end stops and the height of an upright pole."""
    canvas = pygame.Surface((WIDTH * _FINE, HEIGHT * _FINE))
    canvas.fill(PAPER)
    left, right = _axle(-TRACK_LIMIT)[0], _axle(TRACK_LIMIT)[0]
    top = _AXLE[1] - _SCALE * POLE_LENGTH
    for start in np.arange(left, right, 12 * _FINE):
        pygame.draw.line(canvas, _mix(PAPER, FAINT, 0.5), (start, top), (start + 5 * _FINE, top), _FINE)
    for metre in (-2, -1, 0, 1, 2):
        at = _axle(metre)[0]
        length = 9 if metre == 0 else 5
        pygame.draw.line(canvas, FAINT, (at, _RAIL + 9 * _FINE), (at, _RAIL + (9 + length) * _FINE), _FINE)
    pygame.draw.rect(canvas, RAIL, (left, _RAIL, right - left, 5 * _FINE), border_radius=2 * _FINE)
    for at in (left, right):
        block = pygame.Rect(0, 0, 8 * _FINE, 30 * _FINE)
        block.midbottom = (int(at), _RAIL + 9 * _FINE)
        pygame.draw.rect(canvas, STOP, block, border_radius=3 * _FINE)
    return canvas


def _draw_trail(canvas: pygame.Surface, tips: Iterable[Point]) -> None:
    """Draw the earlier positions of the pole's tip, fading out."""
    tips = list(tips)
    for age, (x, angle) in enumerate(tips):
        share = (age + 1) / (len(tips) + 1)
        colour = _mix(PAPER, upright_colour(angle), 0.45 * share**1.5)
        pygame.draw.circle(canvas, colour, _tip(x, angle), _FINE * (1 + 3 * share))


def _draw_force(canvas: pygame.Surface, frame: Frame) -> None:
    """Draw an arrow from the cart's side whose length is proportional to the force."""
    action = float(np.clip(frame.action, -1, 1))
    if abs(action) < 0.02:
        return
    side = np.sign(action)
    x, y = _axle(frame.x)
    y += 6 * _FINE
    start, end = x + side * 34 * _FINE, x + side * (38 + 42 * abs(action)) * _FINE
    pygame.draw.line(canvas, FORCE, (start, y), (end, y), 5 * _FINE)
    head = 9 * _FINE
    pygame.draw.polygon(canvas, FORCE, [(end, y - head * 0.8), (end, y + head * 0.8), (end + side * head, y)])


def _draw_cart(canvas: pygame.Surface, x: float) -> None:
    left, top = _axle(x)
    for offset in (-16, 16):
        wheel = (left + offset * _FINE, _RAIL - 6 * _FINE)
        pygame.draw.circle(canvas, INK, wheel, 6 * _FINE)
        pygame.draw.circle(canvas, FAINT, wheel, 2.5 * _FINE)
    body = pygame.Rect(0, 0, 58 * _FINE, 22 * _FINE)
    body.center = (round(left), round(top + 5 * _FINE))
    pygame.draw.rect(canvas, CART, body, border_radius=6 * _FINE)
    highlight = pygame.Rect(body.left + 5 * _FINE, body.top + 3 * _FINE, body.width - 10 * _FINE, 2 * _FINE)
    pygame.draw.rect(canvas, CART_EDGE, highlight, border_radius=_FINE)


def _draw_pole(canvas: pygame.Surface, frame: Frame) -> None:
    colour = upright_colour(frame.angle)
    axle, tip = _axle(frame.x), _tip(frame.x, frame.angle)
    across = 4.5 * _FINE * np.array([np.cos(frame.angle), np.sin(frame.angle)])
    corners = [axle + across, axle - across, tip - across, tip + across]
    pygame.draw.polygon(canvas, colour, corners)
    pygame.draw.circle(canvas, colour, tip, 4.5 * _FINE)
    pygame.draw.circle(canvas, _mix(colour, INK, 0.25), tip, 7 * _FINE)
    pygame.draw.circle(canvas, colour, tip, 5.5 * _FINE)
    pygame.draw.circle(canvas, PAPER, axle, 7 * _FINE)
    pygame.draw.circle(canvas, INK, axle, 4 * _FINE)


@cache
def _letter(letter: str, size: int, colour: Colour) -> pygame.Surface:
    """Fonts are slow, and are not kept: closing another environment quits pygame, which invalidates them."""
    pygame.font.init()
    return pygame.font.Font(None, size).render(letter, True, colour)


def _write(surface: pygame.Surface, text: str, size: int, colour: Colour, left: int, top: int) -> None:
    for letter in text:
        drawn = _letter(letter, size, colour)
        surface.blit(drawn, (left, top))
        left += drawn.get_width()


def _draw_readout(surface: pygame.Surface, frame: Frame) -> None:
    """Draw the time, the return so far, and the step's reward as a number and as a bar out of 1."""
    share = float(np.clip(frame.reward, 0, 1))
    columns = (("TIME", f"{frame.seconds:.2f} s"), ("RETURN", f"{frame.total:.1f}"), ("REWARD", f"{share:.2f}"))
    for column, (label, value) in enumerate(columns):
        left = 24 + 112 * column
        _write(surface, label, 17, FAINT, left, 20)
        _write(surface, value, 28, INK, left, 36)
    bar = pygame.Rect(304, 41, 120, 8)
    pygame.draw.rect(surface, PANEL, bar, border_radius=4)
    if share > 0.02:
        filled = pygame.Rect(bar.left, bar.top, max(8, round(bar.width * share)), bar.height)
        pygame.draw.rect(surface, upright_colour(np.arccos(2 * share - 1)), filled, border_radius=4)
