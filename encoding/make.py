"""The making of an encoder: frames, training, measuring, and the files that record them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from encoding.collecting import SIMULATORS, Frames, Job, collect
from encoding.driving import ChampionDriver
from encoding.quality import Probe, Reconstruction, probe, reconstruction
from envs.box2d.racer.encoder import Encoder, read_encoder
from experiment.terminal.bars import Bars
from wann.errors import UserError, did_you_mean
from wann.extras import check_installed, install, is_installed

if TYPE_CHECKING:
    from encoding.vae import VAE

# Gymnasium takes ten times as long for a frame. The pictures differ little: Gymnasium smooths edges, EnvPool does not.
_TRAINING_PARTS = {"envpool": 7, "gymnasium": 1}
_PICTURED = 12  # frames of each simulator


@dataclass(frozen=True)
class EncoderOptions:
    """The options of making an encoder; `make_ready` checks them."""

    out: str
    simulators: str = ",".join(SIMULATORS)
    frames: int = 20_000
    held_out: int = 4_000
    champion: str | None = None
    epochs: int = 10
    learning_rate: float = 2e-3
    seed: int = 0
    num_workers: int | None = None
    address: str | None = None
    device: str = "auto"

    @property
    def sources(self) -> list[str]:
        return self.simulators.split(",")

    def shares(self, total: int, held_out: bool) -> dict[str, int]:
        """Frames of each simulator: equal parts to measure on, and to train on what is cheap."""
        parts = {name: 1 if held_out else _TRAINING_PARTS[name] for name in self.sources}
        return {name: total * part // sum(parts.values()) for name, part in parts.items()}


@dataclass(frozen=True)
class Collected:
    """Frames of each simulator, to train on and held out."""

    training: dict[str, Frames]
    held_out: dict[str, Frames]


@dataclass(frozen=True)
class Quality:
    """Measured on held-out episodes; the probe needs Gymnasium, which tells where the car is."""

    reconstructions: dict[str, Reconstruction]
    probe: Probe | None

    def lines(self) -> Iterator[str]:
        """Sentences for a person."""
        for name, found in self.reconstructions.items():
            yield (
                f"{name}: squared error {found.error:.1f} per image, the mean frame's {found.mean_frame_error:.1f}; "
                f"KL {sum(found.kl):.1f} nats: {' '.join(f'{value:.2f}' for value in found.kl)}"
            )
        if self.probe is not None:
            yield (
                f"linear probe: R2 {self.probe.offset_r2:.3f} of the offset from the road's middle, "
                f"{self.probe.heading_r2:.3f} of the heading ({self.probe.num_tested} frames)"
            )

    def plain(self) -> dict[str, Any]:
        """Plain values for a file."""
        parts: dict[str, Any] = {name: asdict(found) for name, found in self.reconstructions.items()}
        if self.probe is not None:
            parts["probe"] = asdict(self.probe) | {"weights": self.probe.weights.tolist()}
        return parts


def make_ready(options: EncoderOptions) -> Path:
    """Find the mistakes in the options before any work, and make the directory.

    Raises:
        UserError: an impossible number, an unknown name, something that is not installed, or a directory in use.
    """
    _check_numbers(options)
    _check_installed(options)
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
    for name, least in (("frames", 1000), ("held_out", 1000), ("epochs", 1), ("num_workers", 1), ("seed", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise UserError(key=f"--{name.replace('_', '-')}", expected=f"at least {least}", found=str(value))
    if options.seed >= 2**63:
        raise UserError(key="--seed", expected="less than 2**63", found=str(options.seed))
    if not 0 < options.learning_rate < 1:
        raise UserError(key="--learning-rate", expected="a number between 0 and 1", found=str(options.learning_rate))


def _check_installed(options: EncoderOptions) -> None:
    for name in options.sources:
        if name not in SIMULATORS:
            hint = did_you_mean(name, SIMULATORS)
            expected = f"names out of {', '.join(SIMULATORS)}"
            raise UserError(key="--simulators", expected=expected, found=f"{name!r}{hint}")
    for package in ("torch", "PIL"):
        check_installed(package, f"the package {package!r} to be installed", extra="torch")
    others = {"envpool": ("envpool", "gymnasium"), "gymnasium": ("Box2D", "envpool")}
    for name in options.sources:
        package, other = others[name]
        if not is_installed(package):
            raise UserError(
                expected=f"the package {package!r} to be installed",
                found=f"no package {package!r}",
                remedy=f"{install(package)}, or take --simulators {other}",
            )


def _champion(options: EncoderOptions) -> ChampionDriver | None:
    """The champion that drives, at the best of its weights, seeing through the encoder it was evolved with."""
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
    return ChampionDriver(compile_genome(champion.genome), best["weight"], task.encoder_key)


def collect_frames(options: EncoderOptions, bars: Bars) -> Collected:
    """Drive on Ray workers, which are gone afterwards."""
    from workers.ray.cluster import connect

    champion = _champion(options)
    session = connect(options.num_workers, options.address)
    try:
        found: list[dict[str, Frames]] = [{}, {}]
        for held_out, total in ((False, options.frames), (True, options.held_out)):
            for name, share in options.shares(total, held_out).items():
                part = f"{'held-out' if held_out else 'training'} frames of {name}"
                jobs = (Job(name, options.seed, index, held_out, champion) for index in count())
                found[held_out][name] = collect(jobs, share, session.cpus_per_worker, _shown(bars, part, share))
        return Collected(*found)
    finally:
        session.close()


def _shown(bars: Bars, part: str, total: int) -> Callable[[int], None]:
    return lambda done: bars.update(part, done, total)


def train_vae(options: EncoderOptions, frames: Collected, bars: Bars) -> VAE:
    from encoding.vae import train
    from wann.torch.device import choose_device

    pixels = np.concatenate([part.pixels for part in frames.training.values()])
    recipe = _recipe(options)
    per_epoch = len(pixels) // recipe.batch

    def show(epoch: int, batch: int, mean_loss: float) -> None:
        note = f"epoch {epoch + 1}/{recipe.epochs}  loss {mean_loss:.1f}"
        bars.update("training, batches", epoch * per_epoch + batch, recipe.epochs * per_epoch, note)

    return train(pixels, recipe, choose_device(options.device), show)


def _recipe(options: EncoderOptions) -> Any:
    from encoding.vae import Recipe

    return Recipe(epochs=options.epochs, learning_rate=options.learning_rate, seed=options.seed)


def measure(options: EncoderOptions, vae: VAE, frames: Collected) -> Quality:
    from encoding.vae import encoder_weights

    found = {name: reconstruction(vae, part.pixels) for name, part in frames.held_out.items()}
    known = frames.held_out.get("gymnasium")
    return Quality(found, None if known is None else probe(Encoder(encoder_weights(vae)), known))


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
    for part in frames.held_out.values():
        chosen = np.linspace(0, len(part) - 1, _PICTURED).astype(int)
        rows.append(part.pixels[chosen])
    (directory / "reconstructions.png").write_bytes(png(reconstructions(vae, rows)))
    (directory / "quality.json").write_text(json.dumps(quality.plain(), indent=1) + "\n")


def provenance(options: EncoderOptions, frames: Collected, quality: Quality) -> dict[str, Any]:
    """The record in an encoder's file: the command that makes it again, and what was measured."""
    from encoding.vae import half_precision
    from wann.torch.device import choose_device

    device = choose_device(options.device)
    made = {key: value for key, value in asdict(options).items() if key not in ("out", "num_workers", "address")}
    words = " ".join(f"--{key.replace('_', '-')} {value}" for key, value in made.items() if value is not None)
    packages = ["torch", "numpy", "gymnasium"] + (["envpool"] if "envpool" in options.sources else [])
    plain = quality.plain()
    for name in frames.held_out:
        plain[name].pop("kl")
    plain.get("probe", {}).pop("weights", None)
    return {
        "command": f"train_vae.py {words}",
        "recipe": asdict(_recipe(options)) | {"precision": "bfloat16" if half_precision(device) else "float32"},
        "device": device,
        "frames": {name: len(part) for name, part in frames.training.items()},
        "held_out_frames": {name: len(part) for name, part in frames.held_out.items()},
        "held_out": plain,
        "versions": {package: version(package) for package in packages},
    }
