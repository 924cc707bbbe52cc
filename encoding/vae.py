"""The variational autoencoder of CarRacing's frames, and its training.

The network is that of Ha & Schmidhuber 2018 (arXiv 1803.10122), as the published racer used it. The loss is theirs with
one change: the free KL of 8 nats per image is replaced by half a nat for each latent. Under the published max(KL, 8)
five of the 16 latents collapsed to a KL below 0.1 and were useless as inputs of a network.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from envs.box2d.racer.encoder import CHANNELS, HIDDEN, KERNEL, LATENTS, STRIDE

_FREE_NATS = 0.5  # KL of a latent that costs nothing

# Told (epoch, batch in the epoch, mean loss of the epoch so far).
Progress = Callable[[int, int, float], None]


class VAE(nn.Module):
    """4,299,363 parameters at 16 latents."""

    def __init__(self) -> None:
        super().__init__()
        layers = []
        for before, after in zip((3, *CHANNELS), CHANNELS, strict=False):
            layers += [nn.Conv2d(before, after, KERNEL, STRIDE), nn.ReLU()]
        self.encoder = nn.Sequential(*layers)
        self.mu = nn.Linear(HIDDEN, LATENTS)
        self.log_variance = nn.Linear(HIDDEN, LATENTS)
        self.dense = nn.Linear(LATENTS, HIDDEN)
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(HIDDEN, 128, 5, 2),
            nn.ReLU(),
            nn.ConvTranspose2d(128, 64, 5, 2),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 6, 2),
            nn.ReLU(),
            nn.ConvTranspose2d(32, 3, 6, 2),
        )

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance [B, 16] of the code of images [B, 3, 64, 64] in [0, 1]."""
        # Rows, columns, channels: the order in which `envs.box2d.racer.encoder` has them.
        hidden = self.encoder(images).permute(0, 2, 3, 1).flatten(1)
        return self.mu(hidden), self.log_variance(hidden)

    def decode(self, codes: Tensor) -> Tensor:
        """Images [B, 3, 64, 64] of codes [B, 16]."""
        return torch.sigmoid(self.decoder(self.dense(codes)[:, :, None, None]).float())

    def initialise(self, generator: torch.Generator) -> None:
        """Draw all weights from ``generator``: normal, of a size that keeps ReLU signals alive; biases 0."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                fan_in = float(module.weight[0].numel())
                if isinstance(module, nn.ConvTranspose2d):
                    # Every output of stride 2 meets a quarter of the kernel.
                    fan_in = module.weight.numel() / module.weight.shape[1] / 4
                with torch.no_grad():
                    module.weight.normal_(0, (2 / fan_in) ** 0.5, generator=generator)
                    assert module.bias is not None
                    module.bias.zero_()


def kl_by_latent(mu: Tensor, log_variance: Tensor) -> Tensor:
    """KL of each latent's code from the standard normal, [B, 16], in nats."""
    return -0.5 * (1 + log_variance - mu**2 - log_variance.exp())


def loss(vae: VAE, images: Tensor, noise: Tensor, kl_weight: float = 1.0) -> Tensor:
    """Summed squared error of an image + sum over latents of max(KL, 0.5), both of the mean over images.

    Args:
        vae: the model.
        images: [B, 3, 64, 64] in [0, 1].
        noise: [B, 16], standard normal.
        kl_weight: factor of the KL.
    """
    mu, log_variance = (part.float() for part in vae.encode(images))
    found = vae.decode(mu + (log_variance / 2).exp() * noise)
    error = ((found - images) ** 2).sum((1, 2, 3))
    kl = kl_by_latent(mu, log_variance).mean(0).clamp(min=_FREE_NATS).sum()
    return error.mean() + kl_weight * kl


@dataclass(frozen=True)
class Recipe:
    """The settings of training a VAE. The batch and the loss are the published ones."""

    epochs: int = 10
    batch: int = 100
    # Twenty times the published one, with warm-up and a cosine decay: it is as good in a tenth of the time.
    learning_rate: float = 2e-3
    last_rate: float = 0.02  # of the learning rate, at the end
    warm_up: int = 100  # batches in which the learning rate rises
    # Part of all batches in which the weight of the KL rises to 1: with its full weight from the start, the first
    # latents to be of use keep the others from ever being so.
    kl_warm_up: float = 0.5
    seed: int = 0


def half_precision(device: str) -> bool:
    """True if products are computed in bfloat16, which halves the time where the hardware does so."""
    return torch.cuda.is_bf16_supported() if device == "cuda" else bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def train(pixels: NDArray[np.uint8], recipe: Recipe, device: str, progress: Progress) -> VAE:
    """A VAE trained on images [F, 64, 64, 3].

    Every draw comes from one generator of the recipe's seed. The same machine gives the same weights;
    another one may round differently.

    Raises:
        ValueError: fewer images than a batch.
    """
    if len(pixels) < recipe.batch:
        raise ValueError(f"expected at least {recipe.batch} images, found {len(pixels)}")
    generator = torch.Generator().manual_seed(recipe.seed)
    # Made without numbers at first: torch would draw them from its global generator.
    with torch.device("meta"):
        vae = VAE()
    vae.to_empty(device="cpu").initialise(generator)
    vae = vae.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(vae.parameters(), recipe.learning_rate)
    per_epoch = len(pixels) // recipe.batch
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: _rate(done, per_epoch * recipe.epochs, recipe))
    for epoch in range(recipe.epochs):
        order = torch.randperm(len(pixels), generator=generator).numpy()
        total = 0.0
        for number in range(per_epoch):
            images = to_images(pixels[order[number * recipe.batch :][: recipe.batch]], device)
            done = (epoch * per_epoch + number) / (recipe.epochs * per_epoch)
            kl_weight = min(1.0, done / recipe.kl_warm_up) if recipe.kl_warm_up else 1.0
            noise = torch.randn(recipe.batch, LATENTS, generator=generator).to(device)
            with torch.autocast(device, torch.bfloat16, enabled=half_precision(device)):
                value = loss(vae, images, noise, kl_weight)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            schedule.step()
            total += value.item()
            progress(epoch, number + 1, total / (number + 1))
    return vae.cpu()


def _rate(done: int, steps: int, recipe: Recipe) -> float:
    """Factor of the learning rate after ``done`` of ``steps`` batches."""
    cosine = (1 + math.cos(math.pi * done / steps)) / 2
    return min(1, (done + 1) / recipe.warm_up) * (recipe.last_rate + (1 - recipe.last_rate) * cosine)


def to_images(pixels: NDArray[np.uint8], device: str = "cpu") -> Tensor:
    """Pixels [B, 64, 64, 3] as images [B, 3, 64, 64] in [0, 1], channels last in memory."""
    return torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float().div(255)


def encoder_weights(vae: VAE) -> dict[str, NDArray[np.float32]]:
    """The tensors of an encoder file; see `envs.box2d.racer.encoder.read_encoder`."""
    layers = {f"conv{number + 1}": vae.encoder[2 * number] for number in range(len(CHANNELS))} | {"mu": vae.mu}
    return {
        f"{name}.{part}": np.ascontiguousarray(parameter.detach().numpy())
        for name, layer in layers.items()
        for part, parameter in layer.named_parameters()
    }
