"""Measures of encoders: reconstruction, KL of each latent, what can be read from the latents, driving by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoding.collecting import TRUTHS, ZOOM_STEPS, Frames
from envs.box2d.racer.encoder import Encoder
from envs.box2d.racer.views import LATENTS

if TYPE_CHECKING:
    from encoding.vae import VAE
    from envs.box2d.racer.task import CarRacing
    from envs.task import Seeds

# The probe uses frames in which the camera is down, and the car is on the road or half a road beside it, looking along.
PROBE_OFFSET, PROBE_HEADING = 2.0, np.pi / 3
_RIDGE = 1e-3  # of the inputs' variance
_LEAST_VARIANCE = 1e-4  # of what is read: where it hardly varies, as in a few frames, R2 is of no account
_CHUNK = 250


@dataclass(frozen=True)
class Reconstruction:
    """Squared errors of an image of 64 x 64 pixels in three colours, and the KL of each latent, in nats."""

    error: float
    mean_frame_error: float  # of the mean of all these pictures, as if it were every picture's reconstruction
    kl: tuple[float, ...]  # [16]


@dataclass(frozen=True)
class Probe:
    """Ridge regressions on latents, fitted on the even episodes and tested on the odd ones, and the other way round.

    ``weights`` [17, 4], the last row constant, are the linear readings of `TRUTHS`, fitted on all episodes.
    """

    r2: dict[str, float]  # of each of `TRUTHS`: the mean of the two tests
    # Share of the pictures' variance that latents explain linearly, and with their squares and products.
    picture_r2: float
    picture_r2_of_products: float
    num_frames: int  # that `TRUTHS` are read from
    weights: NDArray[np.float64]


def reconstruction(vae: VAE, pictures: NDArray[np.uint8]) -> Reconstruction:
    """Errors of pictures [F, 2, 28, 32] that come back from the means of their codes."""
    import torch

    from encoding.vae import IMAGE_SCALE, kl_by_latent, to_images

    mean = to_images(pictures).mean(0)
    error = mean_frame_error = 0.0
    kl = torch.zeros(LATENTS)
    with torch.inference_mode():
        for begin in range(0, len(pictures), _CHUNK):
            images = to_images(pictures[begin : begin + _CHUNK])
            mu, log_variance = vae.encode(images)
            error += float(((vae.decode(mu) - images) ** 2).sum())
            mean_frame_error += float(((mean - images) ** 2).sum())
            kl += kl_by_latent(mu, log_variance).sum(0)
    scale = IMAGE_SCALE / len(pictures)
    return Reconstruction(error * scale, mean_frame_error * scale, tuple((kl / len(pictures)).tolist()))


def probe(encoder: Encoder, frames: Frames) -> Probe:
    """Measure what can be read from an encoder's latents of Gymnasium's frames."""
    latents = encoder.encode_frames(frames.screens)
    offset, heading = frames.truth[:, 0], frames.truth[:, 1]
    asked = (frames.step >= ZOOM_STEPS) & (abs(offset) <= PROBE_OFFSET) & (abs(heading) <= PROBE_HEADING)
    r2 = _crossed(latents[asked], frames.truth[asked], frames.episode[asked])
    pixels = frames.pictures.reshape(len(frames), -1) / 255
    first, second = np.triu_indices(LATENTS)
    with_products = np.hstack([latents, latents[:, first] * latents[:, second]])
    return Probe(
        dict(zip(TRUTHS, r2.tolist(), strict=True)),
        float(np.average(_crossed(latents, pixels, frames.episode), weights=pixels.var(axis=0))),
        float(np.average(_crossed(with_products, pixels, frames.episode), weights=pixels.var(axis=0))),
        int(asked.sum()),
        _ridge(latents[asked], frames.truth[asked]),
    )


def _crossed(inputs: NDArray[np.float64], targets: NDArray[np.float64], episode: NDArray[np.int64]) -> NDArray:
    """R2 of each target [T], the mean of two tests on episodes that the regression was not fitted on."""
    found = []
    for fitted in (episode % 2 == 0, episode % 2 == 1):
        weights = _ridge(inputs[fitted], targets[fitted])
        truth = targets[~fitted]
        residual = truth - inputs[~fitted] @ weights[:-1] - weights[-1]
        found.append(1 - residual.var(axis=0) / np.maximum(truth.var(axis=0), _LEAST_VARIANCE))
    return np.mean(found, axis=0)


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
    steer = readings[:, :2] @ np.array([-gains[0], gains[1]])
    genome = minimal_genome(LATENTS, 3, np.ones(17 * 3, bool))
    by_pair = np.zeros((17, 3))  # bias first
    by_pair[:, 0] = np.roll(steer, 1)
    by_pair[0, 1:] = pedals
    weights = by_pair[genome.sources, genome.targets - 17]
    return task.evaluate(Networks.of([compile_genome(genome)]), [weights[None]], seeds).values[0, 0]
