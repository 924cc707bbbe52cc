"""The making of an encoder: pictures, training, measuring, and the files that record them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from encoding.collecting import ChampionDriver, Frames, collect, in_gymnasium, in_lanes
from encoding.quality import Probe, Reconstruction, probe, reconstruction
from envs.box2d.racer.encoder import CONVOLUTIONAL, read_encoder
from envs.box2d.racer.small_encoder import SmallEncoder
from experiment.terminal.bars import Bars
from wann.errors import UserError
from wann.extras import check_installed

if TYPE_CHECKING:
    from encoding.vae import VAE, Recipe

_PICTURED = 12  # pictures of the training set, and of Gymnasium


@dataclass(frozen=True)
class EncoderOptions:
    """The options of making an encoder; `make_ready` checks them."""

    out: str
    frames: int = 100_000
    held_out: int = 4_000
    champion: str | None = None
    epochs: int = 10
    learning_rate: float = 2e-3
    seed: int = 0
    device: str = "auto"


@dataclass(frozen=True)
class Collected:
    """Pictures of the lanes to train on, and of Gymnasium's frames to measure on."""

    training: Frames
    held_out: Frames


@dataclass(frozen=True)
class Quality:
    """Measured on held-out episodes of Gymnasium, next to the convolutional encoder that comes with the package."""

    reconstruction: Reconstruction
    probe: Probe
    convolutional: Probe

    def lines(self) -> Iterator[str]:
        """Sentences for a person."""
        found = self.reconstruction
        yield (
            f"squared error {found.error:.1f} per image, the mean frame's {found.mean_frame_error:.1f}; "
            f"KL {sum(found.kl):.1f} nats: {' '.join(f'{value:.2f}' for value in found.kl)}"
        )
        for name, measured in (("this encoder", self.probe), ("the convolutional one", self.convolutional)):
            read = ", ".join(f"{value:.3f} of {what}" for what, value in measured.r2.items())
            yield (
                f"linear probes of {name}: R2 {read} ({measured.num_frames} frames); "
                f"{measured.picture_r2:.3f} of the picture, {measured.picture_r2_of_products:.3f} with products"
            )

    def plain(self) -> dict[str, Any]:
        """Plain values for a file."""
        probes = {"probe": self.probe, "convolutional": self.convolutional}
        plain = {name: asdict(found) | {"weights": found.weights.tolist()} for name, found in probes.items()}
        return {"reconstruction": asdict(self.reconstruction), **plain}


def make_ready(options: EncoderOptions) -> Path:
    """Find the mistakes in the options before any work, and make the directory.

    Raises:
        UserError: an impossible number, an unknown name, something that is not installed, or a directory in use.
    """
    _check_numbers(options)
    for package in ("torch", "PIL"):
        check_installed(package, f"the package {package!r} to be installed", extra="torch")
    check_installed("Box2D", "Gymnasium's Box2D environments, whose frames the encoder is measured on", extra="box2d")
    from wann.torch.device import choose_device

    choose_device(options.device)
    _champion(options)
    directory = Path(options.out)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected, found = "a directory that can be made", str(error.strerror)
        raise UserError(key=f"--out {options.out}", expected=expected, found=found) from error
    if any(directory.iterdir()):
        raise UserError(key=f"--out {options.out}", expected="a new or empty directory", found="files in it")
    return directory


def _check_numbers(options: EncoderOptions) -> None:
    for name, least in (("frames", 1000), ("held_out", 200), ("epochs", 1), ("seed", 0)):
        value = getattr(options, name)
        if value < least:
            raise UserError(key=f"--{name.replace('_', '-')}", expected=f"at least {least}", found=str(value))
    if options.seed >= 2**63:
        raise UserError(key="--seed", expected="less than 2**63", found=str(options.seed))
    if not 0 < options.learning_rate < 1:
        raise UserError(key="--learning-rate", expected="a number between 0 and 1", found=str(options.learning_rate))


def _champion(options: EncoderOptions) -> ChampionDriver | None:
    """The champion that drives, at the best of its weights, seeing what it was evolved with."""
    if options.champion is None:
        return None
    from envs.box2d.racer.task import CarRacing
    from envs.registry import task_of_champion
    from wann.champion import load_champion
    from wann.network import compile_genome

    champion = load_champion(options.champion)
    if champion.task != CarRacing.name:
        found = f"one of {champion.task}"
        raise UserError(key=f"--champion {options.champion}", expected="one of car_racing", found=found)
    task = task_of_champion(champion)
    assert isinstance(task, CarRacing)
    best = champion.returns.get("best_shared_weight", {"weight": champion.weights[0]})
    return ChampionDriver(task, compile_genome(champion.genome), best["weight"])


def collect_frames(options: EncoderOptions, bars: Bars) -> Collected:
    """Drive in lanes, then in Gymnasium."""
    training = collect(
        in_lanes(options.seed, _champion(options)), options.frames, _shown(bars, "pictures of lanes", options.frames)
    )
    held_out = collect(
        in_gymnasium(options.seed), options.held_out, _shown(bars, "frames of Gymnasium", options.held_out)
    )
    return Collected(training, held_out)


def _shown(bars: Bars, part: str, total: int) -> Callable[[int], None]:
    return lambda done: bars.update(part, done, total)


def train_vae(options: EncoderOptions, frames: Collected, bars: Bars) -> VAE:
    from encoding.vae import train
    from wann.torch.device import choose_device

    recipe = _recipe(options)
    per_epoch = len(frames.training) // recipe.batch

    def show(epoch: int, batch: int, error: float) -> None:
        note = f"epoch {epoch + 1}/{recipe.epochs}  squared error {error:.1f}"
        bars.update("training, batches", epoch * per_epoch + batch, recipe.epochs * per_epoch, note)

    return train(frames.training.pictures, recipe, choose_device(options.device), show)


def _recipe(options: EncoderOptions) -> Recipe:
    from encoding.vae import Recipe

    return Recipe(epochs=options.epochs, learning_rate=options.learning_rate, seed=options.seed)


def measure(vae: VAE, frames: Collected) -> Quality:
    from encoding.vae import encoder_weights

    held_out = frames.held_out
    return Quality(
        reconstruction(vae, held_out.pictures),
        probe(SmallEncoder(encoder_weights(vae)), held_out),
        probe(read_encoder(CONVOLUTIONAL).make(), held_out),
    )


def save(directory: Path, options: EncoderOptions, vae: VAE, frames: Collected, quality: Quality) -> None:
    """Write the encoder with its provenance, the whole VAE, the picture and the figures."""
    from safetensors.numpy import save_file

    from encoding.pictures import png, reconstructions
    from encoding.vae import encoder_weights

    record = json.dumps(provenance(options, frames, quality))
    path = directory / "encoder.safetensors"
    save_file(encoder_weights(vae), path, {"provenance": record})
    read_encoder(path)
    whole = {name: np.ascontiguousarray(value.detach().numpy()) for name, value in vae.state_dict().items()}
    save_file(whole, directory / "vae.safetensors", {"provenance": record})
    rows = []
    for part in (frames.training, frames.held_out):
        chosen = np.linspace(0, len(part) - 1, _PICTURED).astype(int)
        rows.append(part.pictures[chosen])
    (directory / "reconstructions.png").write_bytes(png(reconstructions(vae, rows)))
    (directory / "quality.json").write_text(json.dumps(quality.plain(), indent=1) + "\n")


def provenance(options: EncoderOptions, frames: Collected, quality: Quality) -> dict[str, Any]:
    """The record in an encoder's file: the command that makes it again, and what was measured."""
    from wann.torch.device import choose_device

    made = {key: value for key, value in asdict(options).items() if key != "out"}
    words = " ".join(f"--{key.replace('_', '-')} {value}" for key, value in made.items() if value is not None)
    measured = quality.plain()
    for part in ("probe", "convolutional"):
        measured[part].pop("weights")
    return {
        "command": f"train_vae.py {words}",
        "recipe": asdict(_recipe(options)),
        "device": choose_device(options.device),
        "frames": len(frames.training),
        "held_out_frames": len(frames.held_out),
        "held_out": measured,
        "versions": {package: version(package) for package in ("torch", "numpy", "gymnasium")},
    }
