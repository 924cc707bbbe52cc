"""What a racer sees: the latents of a frame, and at choice their change since the frame before, or the dashboard.

In lanes, frames are drawn as the encoder takes them; in Gymnasium they are the simulator's own. Both then go the same
way.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from envs.box2d.racer.dashboard import READINGS, read, shown
from envs.box2d.racer.encoder import Encoder
from envs.box2d.racer.picture import CHANNELS, PLANES, draw
from envs.box2d.racer.track import Track
from envs.box2d.racer.views import DASHBOARD, LATENTS, PREVIOUS
from envs.waves import Encode
from wann.kernels.jit import jit


class Roads(NamedTuple):
    """The roads of several tracks, one after the other, as pictures show them; n tiles in all.

    Attributes:
        first: [R + 1] the first tile of each track.
        points: [n, 4].
        borders: [n] bool.
        tiles: [n, 4, 2].
    """

    first: NDArray[np.int64]
    points: NDArray[np.float64]
    borders: NDArray[np.bool_]
    tiles: NDArray[np.float64]

    @classmethod
    def of(cls, tracks: list[Track]) -> Self:
        return cls(
            np.cumsum([0, *(len(track.points) for track in tracks)]),
            np.concatenate([track.points for track in tracks]),
            np.concatenate([track.borders for track in tracks]),
            np.concatenate([track.tiles for track in tracks]),
        )


class Sight:
    """Makes the inputs of networks, in lanes or of Gymnasium's frames.

    Attributes:
        memory: numbers that have to be kept for each lane from frame to frame.
        num_inputs: I.
    """

    def __init__(self, view: str, encoder: Encoder) -> None:
        self._view, self.encoder = view, encoder
        self.memory = LATENTS if view == PREVIOUS else 0
        self.num_inputs = LATENTS + (LATENTS if view == PREVIOUS else READINGS if view == DASHBOARD else 0)
        self._images = np.empty((0, CHANNELS, *encoder.shape), np.float32)

    def see(
        self,
        roads: Roads,
        poses: NDArray[np.float64],
        tracks: NDArray[np.int64],
        steps: NDArray[np.int64],
        memory: NDArray[np.float64],
        inputs: NDArray[np.float64],
    ) -> None:
        """Write what the cars of the first lanes see.

        Args:
            roads: of all tracks.
            poses: [L, POSE] of the cars.
            tracks: [L] track of each car.
            steps: [L] steps that each episode has made; with none there is no frame before.
            memory: [L, M], read and written.
            inputs: [n, I], written.
        """
        count = len(inputs)
        if len(self._images) < count:
            self._images = np.empty((count, *self._images.shape[1:]), np.float32)
        images = self._images[:count]
        draw_all(*roads, poses, tracks, images)
        inputs[:, :LATENTS] = self.encoder.encode_images(images)
        if self._view == PREVIOUS:
            change(inputs, steps[:count] == 0, memory)
        elif self._view == DASHBOARD:
            show_dashboards(poses, inputs)

    def make_encode(self, num_lanes: int) -> Encode:
        """For Gymnasium's frames [n, 96, 96, 3]; see `envs.waves.Simulation`."""
        memory, fresh = np.zeros((num_lanes, self.memory)), np.ones(num_lanes, np.bool_)

        def encode(lanes: NDArray[np.int64], frames: NDArray[np.uint8]) -> NDArray[np.float64]:
            inputs = np.empty((len(frames), self.num_inputs))
            inputs[:, :LATENTS] = self.encoder.encode_frames(frames)
            if self._view == PREVIOUS:
                kept = memory[lanes]
                change(inputs, fresh[lanes], kept)
                memory[lanes], fresh[lanes] = kept, False
            elif self._view == DASHBOARD:
                inputs[:, LATENTS:] = read(frames)
            return inputs

        return encode


@jit
def draw_all(first, points, borders, tiles, poses, tracks, images):
    """Draw the pictures [n, 2, rows, columns] of the first n cars."""
    planes = np.empty((PLANES, images.shape[2] + 1, images.shape[3]), np.float32)
    for l in range(len(images)):
        begin, end = first[tracks[l]], first[tracks[l] + 1]
        draw(points[begin:end], borders[begin:end], tiles[begin:end], poses[l], planes, images[l])


@jit
def change(inputs, fresh, memory):
    """Write to the second half of inputs [n, 32] by how much the latents in the first half have changed.

    Args:
        inputs: [n, 32].
        fresh: [n] bool, lanes without a frame before; nothing changes there.
        memory: [n, 16] latents of the frame before, replaced by those of this one.
    """
    for l in range(len(inputs)):
        for i in range(LATENTS):
            inputs[l, LATENTS + i] = 0.0 if fresh[l] else inputs[l, i] - memory[l, i]
            memory[l, i] = inputs[l, i]


@jit
def show_dashboards(poses, inputs):
    """Write the readings of the first n cars behind the latents of inputs [n, 23]."""
    readings = np.empty(READINGS, np.float32)
    for l in range(len(inputs)):
        shown(poses[l], readings)
        for k in range(READINGS):
            inputs[l, LATENTS + k] = readings[k]
