"""The options of training one baseline, and the checks of them before any work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from baselines.directories import make_empty_directory
from baselines.given_settings import read_settings, with_settings
from baselines.registry import BASELINES, SEQUENCE_BASELINES
from envs.images.classification import Classification
from envs.images.datasets import dataset_of
from envs.images.inputs import input_kinds
from envs.registry import task_of_champion
from wann.champion import Champion, load_champion
from wann.errors import UserError, did_you_mean
from wann.extras import check_installed

if TYPE_CHECKING:  # it imports torch, which may be missing
    from baselines.baseline import Baseline
    from baselines.training.trainer import Trainer


@dataclass(frozen=True)
class TrainingOptions:
    """See ``compare_baselines.py --help``."""

    baseline: str
    out: str
    dataset: str = "mnist"
    inputs: str = "auto"
    seed: int = 0
    epochs: int | None = None  # None: those of the baseline
    settings: tuple[str, ...] = ()  # texts such as "training.connections=1500"
    champion: str | None = None  # path
    device: str = "auto"


def make_ready(options: TrainingOptions) -> TrainingOptions:
    """The options with nothing left open, after their directory is made.

    Raises:
        UserError: an unknown name, an impossible number, inputs that a baseline or champion does not take, something
            that is not installed, or a directory in use.
    """
    options = check_fits(options)
    make_empty_directory(options.out)
    return options


def check_fits(options: TrainingOptions) -> TrainingOptions:
    """As `make_ready`, without a directory.

    Raises:
        UserError: as there.
    """
    if options.baseline in SEQUENCE_BASELINES:
        expected = "a known one with images, or --task NAME with it"
        raise UserError(key="--baseline", expected=expected, found=repr(options.baseline))
    if options.baseline not in BASELINES:
        near = did_you_mean(options.baseline, BASELINES)
        raise UserError(key="--baseline", expected="a known one", found=f"{options.baseline!r}{near}")
    options = replace(options, dataset=_dataset(options))
    _check_installed("torch")
    baseline = BASELINES[options.baseline]
    for package in baseline.trainer.packages:
        _check_installed(package)
    _check_champion_is_wanted(options, baseline)
    _check_numbers(options)
    trainer_of(options)
    options = replace(options, inputs=_inputs(options, baseline), device=_device(options, baseline))
    if options.champion is not None:
        champion_of(options)
    return options


def trainer_of(options: TrainingOptions) -> Trainer:
    """The baseline's trainer, with the settings of the options.

    Raises:
        UserError: there is no such setting, or its value is refused.
    """
    given = read_settings(options.settings, ("training",))["training"]
    trainer = with_settings(
        BASELINES[options.baseline].trainer, given, "training", f"the training of {options.baseline}"
    )
    return trainer if options.epochs is None else replace(trainer, epochs=options.epochs)


def inputs_taken(options: TrainingOptions) -> list[str]:
    """The kinds of inputs of the dataset that the baseline takes."""
    side, kinds = BASELINES[options.baseline].side, input_kinds(dataset_of(options.dataset))
    return [kind for kind, shape in kinds.items() if side is None or shape == (side, side, 1)]


def champion_of(options: TrainingOptions) -> tuple[Champion, Classification]:
    """The champion of the options, made for their dataset and inputs, and its task.

    Raises:
        UserError: the file is not such a champion.
    """
    assert options.champion is not None
    key = f"--champion {options.champion}"
    champion = load_champion(options.champion)
    if champion.task != Classification.name:
        raise UserError(key=key, expected="one of classification", found=f"one of {champion.task}")
    task = task_of_champion(champion)
    assert isinstance(task, Classification)
    for option, asked, found in (
        ("dataset", options.dataset, task.dataset),
        ("inputs", options.inputs, task.inputs),
    ):
        if asked not in (found, "auto"):
            raise UserError(key=key, expected=f"one of --{option} {asked!r}", found=f"one of {found!r}")
    return champion, task


def _dataset(options: TrainingOptions) -> str:
    """The name of the dataset, or its absolute path."""
    try:
        return dataset_of(options.dataset).name
    except UserError as error:
        raise error.at(key="--dataset") from None


def _check_installed(package: str) -> None:
    check_installed(package, f"the package {package!r} to be installed", extra="torch")


def _check_champion_is_wanted(options: TrainingOptions, baseline: Baseline) -> None:
    if baseline.takes_champion and options.champion is None:
        raise UserError(key=f"--baseline {options.baseline}", expected="a champion file by --champion", found="none")
    if options.champion is not None and not baseline.takes_champion:
        takers = " or ".join(name for name in BASELINES if BASELINES[name].takes_champion)
        raise UserError(
            key="--champion", expected=f"--baseline {takers} with it", found=f"--baseline {options.baseline}"
        )


def _check_numbers(options: TrainingOptions) -> None:
    if options.epochs is not None and options.epochs < 1:
        raise UserError(key="--epochs", expected="at least 1", found=f"{options.epochs}")
    if not 0 <= options.seed < 2**63:
        raise UserError(key="--seed", expected="at least 0 and less than 2**63", found=f"{options.seed}")


def _inputs(options: TrainingOptions, baseline: Baseline) -> str:
    """The kind of inputs: for "auto" the champion's, else the first that the baseline takes."""
    side, taken = baseline.side, inputs_taken(options)
    if not taken:
        raise UserError(
            key="--dataset",
            expected=f"one of {side}x{side} pixels for --baseline {options.baseline}",
            found=f"{options.dataset!r}, which has {' and '.join(input_kinds(dataset_of(options.dataset)))}",
        )
    if options.inputs == "auto":
        return taken[0] if options.champion is None else champion_of(options)[1].inputs
    if options.inputs not in taken:
        wanted = " or ".join(map(repr, taken))
        expected = f"{wanted} for --baseline {options.baseline} on {options.dataset}"
        raise UserError(key="--inputs", expected=expected, found=repr(options.inputs))
    return options.inputs


def _device(options: TrainingOptions, baseline: Baseline) -> str:
    """The device that trains: for "auto" a GPU where there is one and the baseline can use it."""
    from wann.torch.device import choose_device

    on_gpu = baseline.trainer.on_gpu
    if options.device == "cuda" and not on_gpu:
        expected = f"auto or cpu for --baseline {options.baseline}, which is trained by {baseline.trainer.trained_by}"
        raise UserError(key="--device", expected=expected, found="'cuda'")
    return choose_device("cpu" if options.device == "auto" and not on_gpu else options.device)
