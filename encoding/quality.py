"""Measures of an encoder: reconstruction of frames, KL of each latent, the car's place read from it, driving by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoding.collecting import ZOOM_STEPS, Frames
from envs.box2d.racer.encoder import LATENTS, Encoder

if TYPE_CHECKING:
    from encoding.vae import VAE
    from envs.box2d.racer.task import CarRacing
    from envs.task import Seeds

# The probe uses frames in which the camera is down, and the car is on the road or half a road beside it, looking along.
PROBE_OFFSET, PROBE_HEADING = 2.0, np.pi / 3
_RIDGE = 1e-3  # of the latents' variance
_CHUNK = 250


@dataclass(frozen=True)
class Reconstruction:
    """Squared errors summed over an image, mean over images; and the KL of each latent, in nats."""

    error: float
    mean_frame_error: float  # of the mean of all these frames, as if it were every frame's reconstruction
    kl: tuple[float, ...]  # [16]


@dataclass(frozen=True)
class Probe:
    """Linear readings of the latents: ``weights`` [17, 2], the last row constant, give (offset, heading)."""

    weights: NDArray[np.float64]
    offset_r2: float
    heading_r2: float
    num_fitted: int
    num_tested: int


def reconstruction(vae: VAE, pixels: NDArray[np.uint8]) -> Reconstruction:
    """Squared errors of images [F, 64, 64, 3] that come back from the means of their codes."""
    import torch

    from encoding.vae import kl_by_latent, to_images

    mean_frame = to_images(pixels).mean(0)
    error = mean_frame_error = 0.0
    kl = torch.zeros(LATENTS)
    with torch.inference_mode():
        for begin in range(0, len(pixels), _CHUNK):
            images = to_images(pixels[begin : begin + _CHUNK])
            mu, log_variance = vae.encode(images)
            error += float(((vae.decode(mu) - images) ** 2).sum())
            mean_frame_error += float(((mean_frame - images) ** 2).sum())
            kl += kl_by_latent(mu, log_variance).sum(0)
    return Reconstruction(error / len(pixels), mean_frame_error / len(pixels), tuple((kl / len(pixels)).tolist()))


def probe(encoder: Encoder, frames: Frames) -> Probe:
    """Ridge regression of offset and heading on the latents: fitted on the even episodes, tested on the odd ones."""
    asked = (frames.step >= ZOOM_STEPS) & (abs(frames.offset) <= PROBE_OFFSET) & (abs(frames.heading) <= PROBE_HEADING)
    frames = frames.take(asked)
    latents = encoder.encode(frames.pixels.astype(np.float32) / np.float32(255)).astype(np.float64)
    truth = np.stack([frames.offset, frames.heading], axis=1)
    fitted, tested = frames.episode % 2 == 0, frames.episode % 2 == 1
    weights = _ridge(latents[fitted], truth[fitted])
    residual = truth[tested] - latents[tested] @ weights[:-1] - weights[-1]
    r2 = 1 - residual.var(axis=0) / truth[tested].var(axis=0)
    return Probe(weights, float(r2[0]), float(r2[1]), int(fitted.sum()), int(tested.sum()))


def _ridge(inputs: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights [I + 1, O], the last row for the constant, which is not shrunk."""
    middle, target_middle = inputs.mean(0), targets.mean(0)
    centred = inputs - middle
    gram = centred.T @ centred
    shrink = _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    weights = np.linalg.solve(gram + shrink, centred.T @ (targets - target_middle))
    return np.vstack([weights, target_middle - middle @ weights])


def probe_driver(
    task: CarRacing,
    readings: NDArray[np.float64],
    gains: tuple[float, float],
    pedals: tuple[float, float],
    seeds: Seeds,
) -> NDArray[np.float64]:
    """Returns [R] of a driver without hidden nodes: it steers against the offset and heading that the probe reads.

    Args:
        task: to drive in.
        readings: `Probe.weights`.
        gains: of steering, for half a road's width and for a radian.
        pedals: constant outputs for gas and brake, as a network gives them.
        seeds: of the episodes.
    """
    from wann.genome import minimal_genome
    from wann.network import Networks, compile_genome

    # Offset is to the right, heading to the left, steering to the right.
    steer = readings @ np.array([-gains[0], gains[1]])
    genome = minimal_genome(LATENTS, 3, np.ones(17 * 3, bool))
    by_pair = np.zeros((17, 3))  # bias first
    by_pair[:, 0] = np.roll(steer, 1)
    by_pair[0, 1:] = pedals
    weights = by_pair[genome.sources, genome.targets - 17]
    return task.evaluate(Networks.of([compile_genome(genome)]), [weights[None]], seeds).values[0, 0]
