"""The package's older encoder: four convolutions and a dense layer, as in the published racers, of images in colour.

They are computed in NumPy. Images are encoded in blocks of fixed size, padded where some are missing, so that all
products have the same shapes. The latents of an image therefore have the same bits in every position and with any other
images (a test checks this). They may differ in the last bits between machines, because each machine has its own matrix
product. It takes 29 million operations for an image, sixty times those of `envs.box2d.racer.small_encoder`.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from envs.box2d.racer.frames import SIZE, preprocess
from envs.box2d.racer.views import LATENTS
from wann.linear_algebra import linear_algebra

CHANNELS = (32, 64, 128, 256)  # of the convolutions
KERNEL, STRIDE = 4, 2
HIDDEN = 1024  # numbers after the convolutions: 2 x 2 x 256

_BLOCK = 4  # frames encoded together: large enough for efficient products, small enough to waste little on padding
SHAPES: dict[str, tuple[int, ...]] = {
    **{
        f"conv{number}.{part}": shape
        for number, (before, after) in enumerate(zip((3, *CHANNELS), CHANNELS, strict=False), 1)
        for part, shape in (("weight", (after, before, KERNEL, KERNEL)), ("bias", (after,)))
    },
    "mu.weight": (LATENTS, HIDDEN),
    "mu.bias": (LATENTS,),
}


class ConvolutionalEncoder:
    """See `envs.box2d.racer.encoder.Encoder`."""

    shape = (SIZE, SIZE)

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        self._layers = []
        side, before = SIZE, 3
        for number, after in enumerate(CHANNELS, 1):
            # One row of the matrix for each (row, column, channel) of a patch.
            matrix = weights[f"conv{number}.weight"].transpose(2, 3, 1, 0).reshape(-1, after)
            out = (side - KERNEL) // STRIDE + 1
            self._layers.append(
                _Layer(
                    np.ascontiguousarray(matrix),
                    weights[f"conv{number}.bias"].copy(),
                    np.zeros((_BLOCK, out, out, KERNEL, KERNEL * before), np.float32),
                    np.zeros((_BLOCK, out, out, after), np.float32),
                )
            )
            side, before = out, after
        self._dense = np.ascontiguousarray(weights["mu.weight"].T)
        self._bias = weights["mu.bias"].copy()
        self._images = np.zeros((_BLOCK, SIZE, SIZE, 3), np.float32)
        self._buffers = Lock()  # held while the buffers are in use: a process has one encoder for all its threads

    def encode_frames(self, frames: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Latents [B, 16] of the simulator's frames [B, 96, 96, 3], in float64, the type of networks' inputs."""
        return self.encode(preprocess(frames)).astype(np.float64)

    def encode_images(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Latents [B, 16] of pictures [B, 2, 64, 64] in green and red; blue is taken to be the smaller of these.

        That is true of grass, road, kerbs and car, and not exact where red meets them.
        """
        green, red = images[:, 0], images[:, 1]
        return self.encode(np.stack([red, green, np.minimum(red, green)], axis=-1))

    def encode(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Means [B, 16] of the codes of images [B, 64, 64, 3] in [0, 1]."""
        latents = np.empty((len(images), LATENTS), np.float32)
        # More threads do not speed up products this small, and slow them down a hundredfold on a busy machine.
        with self._buffers, linear_algebra().limit(limits=1, user_api="blas"):
            for begin in range(0, len(images), _BLOCK):
                block = images[begin : begin + _BLOCK]
                self._images[: len(block)] = block
                latents[begin : begin + _BLOCK] = self._encode_block()[: len(block)]
        return latents

    def _encode_block(self) -> NDArray[np.float32]:
        values = self._images
        for layer in self._layers:
            values = layer.apply(values)
        return (values.reshape(_BLOCK, 1, HIDDEN) @ self._dense)[:, 0] + self._bias


@dataclass(frozen=True)
class _Layer:
    """A convolution as one matrix product, followed by ReLU."""

    matrix: NDArray[np.float32]  # [4 * 4 * before, after]
    bias: NDArray[np.float32]  # [after]
    patches: NDArray[np.float32]  # [block, out, out, 4, 4 * before], buffer
    values: NDArray[np.float32]  # [block, out, out, after], buffer

    def apply(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        from envs.box2d.racer.kernels import add_and_rectify

        # The four columns of a patch, with their channels, are contiguous in memory.
        by_image, by_row, by_column, by_channel = values.strides
        strides = (by_image, STRIDE * by_row, STRIDE * by_column, by_row, by_channel)
        np.copyto(self.patches, np.lib.stride_tricks.as_strided(values, self.patches.shape, strides))
        # One product per image: in a product over all images, a row's bits depend on its position on some processors.
        count = len(self.values)
        flat = self.values.reshape(count, -1, len(self.bias))
        np.matmul(self.patches.reshape(*flat.shape[:2], -1), self.matrix, out=flat)
        add_and_rectify(flat.reshape(-1, len(self.bias)), self.bias)
        return self.values
