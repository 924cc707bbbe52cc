"""The variational autoencoder of CarRacing's pictures, and its training.

The encoder is that of `envs.box2d.racer.small_encoder`. The loss is that of Ha & Schmidhuber 2018 (arXiv 1803.10122)
with three changes: half a nat of KL is free for each latent, instead of 8 nats for the image, under which some latents
collapsed; the KL counts less; and linear readers of the means learn what `encoding.landmarks` sees in the same picture,
so that a network can read the road from latents without hidden nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from encoding.landmarks import COARSE, ROAD, Landmarks
from envs.box2d.racer.frames import PICTURE_SHAPE
from envs.box2d.racer.small_encoder import HIDDEN, INPUTS
from envs.box2d.racer.views import LATENTS

# Squared errors are counted as of an image of 64 x 64 pixels in three colours, as those of the published network.
IMAGE_SCALE = 64 * 64 * 3 / INPUTS
_FREE_NATS = 0.5  # KL of a latent that costs nothing
_DECODER_HIDDEN = 256

# Told (epoch, batch in the epoch, mean squared error of the epoch so far).
Progress = Callable[[int, int, float], None]


class VAE(nn.Module):
    """233,632 parameters of the encoder, 530,688 of the decoder, 1,071 of the readers.

    Args:
        mean: [2, 28, 32], the mean picture, which the decoder starts from.
    """

    mean: Tensor

    def __init__(self, mean: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.hidden = nn.Linear(INPUTS, HIDDEN)
        self.mu = nn.Linear(HIDDEN, LATENTS)
        self.log_variance = nn.Linear(HIDDEN, LATENTS)
        self.decoder = nn.Sequential(
            nn.Linear(LATENTS, _DECODER_HIDDEN),
            nn.ReLU(),
            nn.Linear(_DECODER_HIDDEN, _DECODER_HIDDEN),
            nn.ReLU(),
            nn.Linear(_DECODER_HIDDEN, INPUTS),
        )
        self.read_road = nn.Linear(LATENTS, ROAD)
        self.read_coarse = nn.Linear(LATENTS, COARSE)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance [B, 16] of the code of pictures [B, 2, 28, 32] in [0, 1]."""
        hidden = torch.relu(self.hidden((images - self.mean).flatten(1)))
        return self.mu(hidden), self.log_variance(hidden)

    def decode(self, codes: Tensor) -> Tensor:
        """Pictures [B, 2, 28, 32] of codes [B, 16]."""
        return self.decoder(codes).view(-1, *PICTURE_SHAPE) + self.mean

    def initialise(self, generator: torch.Generator) -> None:
        """Draw all weights from ``generator``: uniform, by the number of inputs; biases 0."""
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, nn.Linear):
                    reach = module.in_features**-0.5
                    module.weight.uniform_(-reach, reach, generator=generator)
                    module.bias.zero_()


def kl_by_latent(mu: Tensor, log_variance: Tensor) -> Tensor:
    """KL of each latent's code from the standard normal, [B, 16], in nats."""
    return -0.5 * (1 + log_variance - mu**2 - log_variance.exp())


@dataclass(frozen=True)
class Recipe:
    """The settings of training a VAE."""

    epochs: int = 10
    batch: int = 128
    learning_rate: float = 2e-3
    last_rate: float = 0.02  # of the learning rate, at the end of a cosine decay
    warm_up: int = 100  # batches in which the learning rate rises
    # Part of all batches in which the weight of the KL rises: with its full weight from the start, the first
    # latents to be of use keep the others from ever being so.
    kl_warm_up: float = 0.5
    # Weight of the KL at the end. With 1 latents hold 14 nats, with this one 25, and more can be read from them.
    kl: float = 0.4
    road: float = 8.0  # weights of the readers' squared errors
    coarse: float = 0.03
    seed: int = 0


@dataclass(frozen=True)
class Losses:
    """Means over a batch."""

    error: Tensor  # squared error of the picture, times IMAGE_SCALE
    kl: Tensor  # sum over latents of max(KL, 0.5)
    road: Tensor  # squared errors of the readers, summed over what they read
    coarse: Tensor


def losses(vae: VAE, landmarks: Landmarks, images: Tensor, noise: Tensor) -> Losses:
    """The parts of the loss of pictures [B, 2, 28, 32] with standard normal noise [B, 16]."""
    mu, log_variance = vae.encode(images)
    found = vae.decode(mu + (log_variance / 2).exp() * noise)
    places, seen = landmarks.road(images)
    coarse = landmarks.coarse(images - vae.mean)
    return Losses(
        IMAGE_SCALE * ((found - images) ** 2).sum((1, 2, 3)).mean(),
        kl_by_latent(mu, log_variance).mean(0).clamp(min=_FREE_NATS).sum(),
        (seen * (vae.read_road(mu) - places) ** 2).sum(1).mean(),
        IMAGE_SCALE * ((vae.read_coarse(mu) - coarse) ** 2).sum(1).mean(),
    )


def train(pictures: NDArray[np.uint8], recipe: Recipe, device: str, progress: Progress) -> VAE:
    """A VAE trained on pictures [F, 2, 28, 32].

    Every draw comes from one generator of the recipe's seed. The same machine gives the same weights;
    another one may round differently.

    Raises:
        ValueError: fewer pictures than a batch.
    """
    if len(pictures) < recipe.batch:
        raise ValueError(f"expected at least {recipe.batch} pictures, found {len(pictures)}")
    generator = torch.Generator().manual_seed(recipe.seed)
    # Made without numbers at first: torch would draw them from its global generator.
    with torch.device("meta"):
        vae = VAE(torch.empty(PICTURE_SHAPE))
    vae.to_empty(device="cpu").initialise(generator)
    vae.mean.copy_(torch.from_numpy(pictures.mean(0, dtype=np.float64) / 255))
    vae = vae.to(device)
    landmarks = Landmarks(device)
    optimizer = torch.optim.Adam(vae.parameters(), recipe.learning_rate)
    per_epoch = len(pictures) // recipe.batch
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: _rate(done, per_epoch * recipe.epochs, recipe))
    for epoch in range(recipe.epochs):
        order = torch.randperm(len(pictures), generator=generator).numpy()
        total = 0.0
        for number in range(per_epoch):
            images = to_images(pictures[order[number * recipe.batch :][: recipe.batch]], device)
            done = (epoch * per_epoch + number) / (recipe.epochs * per_epoch)
            kl_weight = recipe.kl * (min(1.0, done / recipe.kl_warm_up) if recipe.kl_warm_up else 1.0)
            noise = torch.randn(recipe.batch, LATENTS, generator=generator).to(device)
            parts = losses(vae, landmarks, images, noise)
            optimizer.zero_grad()
            (parts.error + kl_weight * parts.kl + recipe.road * parts.road + recipe.coarse * parts.coarse).backward()
            optimizer.step()
            schedule.step()
            total += parts.error.item()
            progress(epoch, number + 1, total / (number + 1))
    return vae.cpu()


def _rate(done: int, steps: int, recipe: Recipe) -> float:
    """Factor of the learning rate after ``done`` of ``steps`` batches."""
    cosine = (1 + math.cos(math.pi * done / steps)) / 2
    return min(1, (done + 1) / recipe.warm_up) * (recipe.last_rate + (1 - recipe.last_rate) * cosine)


def to_images(pictures: NDArray[np.uint8], device: str = "cpu") -> Tensor:
    """Pictures [B, 2, 28, 32] as numbers in [0, 1]."""
    return torch.from_numpy(pictures).to(device).float().div(255)


def encoder_weights(vae: VAE) -> dict[str, NDArray[np.float32]]:
    """The tensors of an encoder's file; see `envs.box2d.racer.small_encoder`."""
    with torch.no_grad():
        bias = vae.hidden.bias - vae.hidden.weight @ vae.mean.flatten()
        tensors = {
            "hidden.weight": vae.hidden.weight,
            "hidden.bias": bias,
            "mu.weight": vae.mu.weight,
            "mu.bias": vae.mu.bias,
        }
        return {name: np.ascontiguousarray(tensor.numpy()) for name, tensor in tensors.items()}
