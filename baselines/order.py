"""What a person asks for, and the mistakes that are found in it before any work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from envs.images.classification import Classification
from envs.images.datasets import dataset_of
from envs.images.inputs import input_kinds
from envs.registry import task_of_champion
from wann.champion import Champion, load_champion
from wann.errors import UserError, did_you_mean

if TYPE_CHECKING:  # it imports torch, which may be missing
    from baselines.training.recipe import Recipe


@dataclass(frozen=True)
class Order:
    """See ``compare_baselines.py --help``."""

    baseline: str
    out: str
    dataset: str = "mnist"
    inputs: str = "auto"
    seed: int = 0
    epochs: int | None = None  # None: those of the recipe
    champion: str | None = None  # path
    device: str = "auto"


def make_ready(order: Order) -> Order:
    """The order with nothing left open, after its directory is made.

    Raises:
        UserError: an unknown name, an impossible number, inputs that a baseline or champion does not take, something
            that is not installed, or a directory in use.
    """
    order = check_fits(order)
    _make_directory(order)
    return order


def check_fits(order: Order) -> Order:
    """As `make_ready`, without a directory.

    Raises:
        UserError: as there.
    """
    _check_packages("torch")  # without which the registry cannot be read
    _check_names(order)
    order = replace(order, dataset=_dataset(order))
    _check_packages(*_recipe(order).packages)
    _check_numbers(order)
    order = replace(order, inputs=_inputs(order), device=_device(order))
    if order.champion is not None:
        champion_of(order)
    return order


def inputs_taken(order: Order) -> list[str]:
    """The kinds of inputs of the order's dataset that its baseline takes."""
    from baselines.registry import BASELINES

    side, kinds = BASELINES[order.baseline].side, input_kinds(dataset_of(order.dataset))
    return [kind for kind, shape in kinds.items() if side is None or shape == (side, side, 1)]


def champion_of(order: Order) -> tuple[Champion, Classification]:
    """The champion of the order, made for its dataset and inputs, and its task.

    Raises:
        UserError: the file is not such a champion.
    """
    assert order.champion is not None
    champion = load_champion(order.champion)
    if champion.task != Classification.name:
        raise UserError(f"--champion {order.champion}: expected one of classification, found one of {champion.task}")
    task = task_of_champion(champion)
    assert isinstance(task, Classification)
    for option in ("dataset", "inputs"):
        asked, found = getattr(order, option), getattr(task, option)
        if asked not in (found, "auto"):
            raise UserError(
                f"--champion {order.champion}: expected one of --{option} {asked!r}, found one of {found!r}"
            )
    return champion, task


def _check_packages(*names: str) -> None:
    for name in names:
        if find_spec(name) is None:
            raise UserError(
                f"expected the package {name!r} to be installed, found none; "
                'pip install "weight-agnostic-search[torch]"'
            )


def _check_names(order: Order) -> None:
    from baselines.registry import BASELINES

    if order.baseline not in BASELINES:
        near = did_you_mean(order.baseline, BASELINES)
        raise UserError(key="--baseline", expected="a known one", found=f"{order.baseline!r}{near}")
    takes_champion = BASELINES[order.baseline].takes_champion
    if takes_champion and order.champion is None:
        raise UserError(f"--baseline {order.baseline}: expected a champion file by --champion, found none")
    if order.champion is not None and not takes_champion:
        takers = " or ".join(name for name in BASELINES if BASELINES[name].takes_champion)
        raise UserError(f"--champion: expected --baseline {takers} with it, found --baseline {order.baseline}")


def _dataset(order: Order) -> str:
    """The name of the dataset, or its absolute path."""
    try:
        return dataset_of(order.dataset).name
    except UserError as error:
        raise error.at(key="--dataset") from None


def _check_numbers(order: Order) -> None:
    if order.epochs is not None and order.epochs < 1:
        raise UserError(f"--epochs: expected at least 1, found {order.epochs}")
    if not 0 <= order.seed < 2**63:
        raise UserError(f"--seed: expected at least 0 and less than 2**63, found {order.seed}")


def _inputs(order: Order) -> str:
    """The kind of inputs: for "auto" the champion's, else the first that the baseline takes."""
    from baselines.registry import BASELINES

    side, taken = BASELINES[order.baseline].side, inputs_taken(order)
    if not taken:
        found = f"{order.dataset!r}, which has {' and '.join(input_kinds(dataset_of(order.dataset)))}"
        raise UserError(
            f"--dataset: expected one of {side}x{side} pixels for --baseline {order.baseline}, found {found}"
        )
    if order.inputs == "auto":
        return taken[0] if order.champion is None else champion_of(order)[1].inputs
    if order.inputs not in taken:
        wanted = " or ".join(map(repr, taken))
        raise UserError(
            f"--inputs: expected {wanted} for --baseline {order.baseline} on {order.dataset}, found {order.inputs!r}"
        )
    return order.inputs


def _device(order: Order) -> str:
    """Where training runs: for "auto" a GPU where there is one and the baseline can use it."""
    from wann.torch.device import choose_device

    recipe = _recipe(order)
    if order.device == "cuda" and not recipe.on_gpu:
        raise UserError(
            f"--device: expected auto or cpu for --baseline {order.baseline}, "
            f"which is trained by {recipe.trained_by}, found 'cuda'"
        )
    return choose_device("cpu" if order.device == "auto" and not recipe.on_gpu else order.device)


def _recipe(order: Order) -> Recipe:
    from baselines.registry import BASELINES

    return BASELINES[order.baseline].recipe


def _make_directory(order: Order) -> None:
    directory = Path(order.out)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        in_use = any(directory.iterdir())
    except OSError as error:
        raise UserError(f"--out {order.out}: expected a directory that can be made ({error.strerror})") from error
    if in_use:
        raise UserError(f"--out {order.out}: expected a new or empty directory, found files in it")
