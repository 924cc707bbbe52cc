"""What a picture shows of the road, as a few numbers. Linear readers of the latents learn them beside the picture.

They come from the picture alone, so training stays unsupervised: nothing is told of where the car is. The road is
found across the picture, in seven bands of rows, and around the car, on eight rings of four metres' width. A coarse
copy of the picture completes them: its lowest frequencies in green.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from envs.box2d.racer.frames import PICTURE_SHAPE

BANDS, RINGS = 7, 8
ROAD = BANDS + RINGS
_LOW_ROWS, _LOW_COLUMNS = 8, 6
COARSE = _LOW_ROWS * _LOW_COLUMNS

_, _ROWS, _COLUMNS = PICTURE_SHAPE
_CONTRAST = 0.4  # green less red: 0 on the road, and so much or more on grass
_METRE = 16.2  # pixels of Gymnasium's screen, of which a pixel of the picture has 31.25 x 25
_CAR_ROW = 24.0
_NEAREST, _RING = 3.0, 4.0  # metres
_SIDE = 1.6  # radians: rings go so far to either side of straight ahead
_ENOUGH_IN_BAND, _ENOUGH_ON_RING = 2.0, 1.0  # pixels of road that can be told from a speck


class Landmarks:
    """Makes the numbers of pictures [B, 2, 28, 32] in [0, 1]."""

    def __init__(self, device: str) -> None:
        column = torch.arange(_COLUMNS, device=device) + 0.5
        row = torch.arange(_ROWS, device=device) + 0.5
        self._across = column / _COLUMNS * 2 - 1
        right = ((column - _COLUMNS / 2) * 31.25 / _METRE).expand(_ROWS, _COLUMNS)
        ahead = ((_CAR_ROW - row) * 25 / _METRE)[:, None].expand(_ROWS, _COLUMNS)
        away, bearing = torch.hypot(right, ahead).flatten(), torch.atan2(right, ahead).flatten()
        edges = _NEAREST + _RING * torch.arange(RINGS + 1, device=device)
        inside = (away[:, None] >= edges[:-1]) & (away[:, None] < edges[1:]) & (abs(bearing[:, None]) < _SIDE)
        self._rings = inside.float()  # [pixels, RINGS]
        self._bearings = self._rings * bearing[:, None]
        waves = torch.einsum("fi,gj->fgij", _waves(_ROWS, _LOW_ROWS), _waves(_COLUMNS, _LOW_COLUMNS))
        self._waves = waves.reshape(COARSE, -1).to(device)

    def road(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Places of the road's middle [B, 15] and 1 where it is in sight: across in bands, and bearings on rings."""
        share = (1 - (images[:, 0] - images[:, 1]) / _CONTRAST).clamp(0, 1)
        bands = share.view(len(images), BANDS, _ROWS // BANDS, _COLUMNS).sum(2)
        in_band = bands.sum(2)
        across = 2 * (bands @ self._across) / in_band.clamp(min=1e-3)
        flat = share.flatten(1)
        on_ring = flat @ self._rings
        bearing = 1.5 * (flat @ self._bearings) / on_ring.clamp(min=1e-3)
        seen = torch.cat([in_band > _ENOUGH_IN_BAND, on_ring > _ENOUGH_ON_RING], 1).float()
        return torch.cat([across, bearing], 1), seen

    def coarse(self, images: Tensor) -> Tensor:
        """The lowest frequencies [B, 48] of green: scalar products with cosine waves of length 1."""
        return images[:, 0].flatten(1) @ self._waves.T


def _waves(size: int, count: int) -> Tensor:
    """Orthonormal cosine waves [count, size], the slowest first."""
    place, number = torch.arange(size) + 0.5, torch.arange(count)
    waves = torch.cos(math.pi * number[:, None] * place / size) * math.sqrt(2 / size)
    waves[0] /= math.sqrt(2)
    return waves
