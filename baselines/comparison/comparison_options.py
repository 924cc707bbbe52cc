"""The options of a comparison, and the checks of them before any work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.comparison.entrants import Entrant, by_task, load_entrants
from baselines.comparison.store import STATE
from baselines.directories import make_empty_directory
from baselines.registry import BASELINES, SEQUENCE_BASELINES
from envs.images.classification import Classification
from envs.sequences.task import SequenceTask
from wann.errors import UserError, did_you_mean
from wann.extras import check_installed

LEAST_EPISODES, MOST_EPISODES = 2, 10**6
CHAMPION = "champion"  # among models: the champions' own topologies, with trained weights
QUICK_BASELINES = (CHAMPION, "linear", "mlp")
_MOST_WORKERS = 4096


@dataclass(frozen=True)
class ComparisonOptions:
    """See ``compare_baselines.py --help``."""

    paths: tuple[str, ...]
    out: str
    episodes: int = 100
    steps: int | None = None  # None: the plan's
    workers: int | None = None  # None: in process where that is safe, else Ray on all CPUs; 0: in process
    seed: int = 0
    resume: bool = False
    baselines: tuple[str, ...] | None = None  # None: the quick ones, of classification and of sequences
    # Of models of sequences:
    updates: int | None = None  # None: `baselines.comparison.sequence_plans.UPDATES`
    parameters: int | None = None  # trained numbers that their sizes come to; None: of their own sizes
    settings: tuple[str, ...] = ()  # texts such as "model.hidden=50"


@dataclass(frozen=True)
class ReadyComparison:
    """Options that were checked, with the champions that they name."""

    options: ComparisonOptions
    groups: tuple[tuple[Entrant, ...], ...]  # of one task each, in the order in which they were given

    def plain(self) -> dict[str, Any]:
        """JSON of all options that decide results."""
        options = self.options
        return {
            "champions": [[entrant.label, entrant.digest] for group in self.groups for entrant in group],
            "--episodes": options.episodes,
            "--steps": options.steps,
            "--seed": options.seed,
            "--baselines": None if options.baselines is None else list(options.baselines),
            "--updates": options.updates,
            "--parameters": options.parameters,
            "--set": list(options.settings) or None,
        }


def make_ready(options: ComparisonOptions) -> ReadyComparison:
    """Check everything, then make the directory.

    Raises:
        UserError: a wrong number or name, a path without a champion, a champion whose task cannot be had, a package
            that is missing, or a directory in use.
    """
    _check_numbers(options)
    groups = by_task(load_entrants(options.paths))
    tasks = [group[0].task for group in groups]
    classified = any(isinstance(task, Classification) for task in tasks)
    sequences = [task for task in tasks if isinstance(task, SequenceTask)]
    _check_baselines(options, classified, bool(sequences))
    for package in ("cmaes", "scipy", "matplotlib", *(("torch",) if classified or sequences else ())):
        check_installed(package, f"the package {package!r} to be installed", extra="compare")
    _check_plans(options, sequences)
    _make_directory(options)
    return ReadyComparison(options, groups)


def _check_numbers(options: ComparisonOptions) -> None:
    ranges = {
        "--episodes": (options.episodes, LEAST_EPISODES, MOST_EPISODES),
        "--steps": (options.steps, 1, 2**53 - 1),
        "--workers": (options.workers, 0, _MOST_WORKERS),
        "--updates": (options.updates, 1, 10**9),
        "--parameters": (options.parameters, 1, 10**9),
        "--seed": (options.seed, 0, 2**63 - 1),
    }
    for key, (value, least, most) in ranges.items():
        if value is not None and not least <= value <= most:
            raise UserError(key=key, expected=f"a whole number from {least} to {most}", found=f"{value}")


def _check_baselines(options: ComparisonOptions, classified: bool, sequences: bool) -> None:
    for key, value in (
        ("--updates", options.updates),
        ("--parameters", options.parameters),
        ("--set", options.settings),
    ):
        if value not in (None, ()) and not sequences:
            raise UserError(key=key, expected="a champion of a sequence task with it", found="none")
    if options.baselines is None:
        return
    if not classified and not sequences:
        raise UserError(
            key="--baselines", expected="a champion of classification or of a sequence task with it", found="none"
        )
    known = [*(BASELINES if classified else ()), *((CHAMPION, *SEQUENCE_BASELINES) if sequences else ())]
    for number, name in enumerate(options.baselines):
        if name not in known:
            raise UserError(key="--baselines", expected="known ones", found=f"{name!r}{did_you_mean(name, known)}")
        if name in options.baselines[:number]:
            raise UserError(key="--baselines", expected="each once", found=f"{name!r} twice")


def _check_plans(options: ComparisonOptions, tasks: Sequence[SequenceTask]) -> None:
    """Refuse a model or setting that does not fit before anything is measured."""
    if tasks:
        from baselines.comparison.sequence_plans import model_plans, topology_trainer

        topology_trainer(options)
        for task in tasks:
            model_plans(options, task)


def _make_directory(options: ComparisonOptions) -> None:
    directory = Path(options.out)
    if options.resume:
        if not (directory / STATE).is_dir():
            raise UserError(key="--resume", expected=f"a comparison in {options.out}", found="none")
        return
    if (directory / STATE).is_dir():
        raise UserError(
            key=f"--out {options.out}",
            expected="a new or empty directory",
            found="a comparison in it",
            remedy="go on with it by --resume",
        )
    make_empty_directory(directory)
