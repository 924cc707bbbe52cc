"""What a person asks to have compared, and the mistakes that are found in it before any work."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from baselines.comparison.published import FIXED_SHAPES
from baselines.comparison.store import STATE
from baselines.comparison.weight_tuning import TuningPlan
from envs.images.classification import Classification
from envs.registry import task_of_champion
from envs.task import Task, untouched_of
from storage.champion_path import find_champion_file
from wann.champion import Champion, load_champion
from wann.errors import UserError, did_you_mean

LEAST_EPISODES = 2
QUICK_BASELINES = ("champion", "linear", "mlp")
_MOST_WORKERS = 4096

# What tuning spends by task, unless --steps says otherwise.
PLANS: dict[str, TuningPlan] = {
    "cartpole_swingup": TuningPlan(
        steps=1_700_000_000,
        population=32,
        rollouts=16,
        sigma=0.3,
        runs=3,
        looking_around=0.5,
        refining_sigma=0.7,
        refining_population=48,
        selection_episodes=256,
        final_episodes=1024,
    ),
    "bipedal_walker": TuningPlan(steps=60_000_000, population=24, rollouts=2, selection_episodes=32, final_episodes=64),
    "car_racing": TuningPlan(
        steps=2_000_000, population=16, rollouts=1, check_every=8, selection_episodes=8, pool=3, final_episodes=24
    ),
}
OTHER_PLAN = TuningPlan(steps=5_000_000, population=16, rollouts=4, selection_episodes=32, final_episodes=128)
# Episodes of the best shared weight's last rounds.
SELECTION_EPISODES = {"cartpole_swingup": 512, "bipedal_walker": 32, "car_racing": 8}
OTHER_SELECTION_EPISODES = 64


@dataclass(frozen=True)
class Asked:
    """See ``compare_baselines.py --help``."""

    paths: tuple[str, ...]
    out: str
    episodes: int = 100
    steps: int | None = None  # None: the plan's
    workers: int | None = None  # None: in process where that is safe, else Ray on all CPUs; 0: in process
    seed: int = 0
    resume: bool = False
    baselines: tuple[str, ...] | None = None  # None: the quick ones, of classification


@dataclass(frozen=True)
class Entrant:
    """A champion to be compared."""

    label: str  # unique
    file_name: str  # unique, of letters, digits, dots, lines
    path: Path
    digest: str  # SHA-256 of the file
    champion: Champion
    task: Task  # as it is reported


@dataclass(frozen=True)
class ComparisonOrder:
    """What `make_ready` found: nothing is left open."""

    asked: Asked
    groups: tuple[tuple[Entrant, ...], ...]  # of one task each, in the order in which they were given

    def plain(self) -> dict[str, Any]:
        """JSON of all that decides results."""
        return {
            "champions": [[entrant.label, entrant.digest] for group in self.groups for entrant in group],
            "--episodes": self.asked.episodes,
            "--steps": self.asked.steps,
            "--seed": self.asked.seed,
            "--baselines": None if self.asked.baselines is None else list(self.asked.baselines),
        }


def make_ready(asked: Asked) -> ComparisonOrder:
    """Check everything, then make the directory.

    Raises:
        UserError: a wrong number or name, a path without a champion, a champion whose task cannot be had, a package
            that is missing, or a directory in use.
    """
    _check_numbers(asked)
    entrants = _entrants(asked.paths)
    groups: dict[Task, list[Entrant]] = {}
    for entrant in entrants:
        groups.setdefault(entrant.task, []).append(entrant)
    classified = any(isinstance(task, Classification) for task in groups)
    _check_baselines(asked, classified)
    for package in ("cmaes", "scipy", "matplotlib", *(("torch",) if classified else ())):
        if find_spec(package) is None:
            raise UserError(
                f"expected the package {package!r} to be installed, found none; "
                'pip install "weight-agnostic-search[torch]"'
            )
    _make_directory(asked)
    return ComparisonOrder(asked, tuple(map(tuple, groups.values())))


def plan_of(task: Task, steps: int | None) -> TuningPlan:
    """What tuning on a task spends; ``steps`` instead of its own."""
    plan = PLANS.get(task.name, OTHER_PLAN)
    return plan if steps is None else replace(plan, steps=steps)


def fixed_shape(task: Task) -> tuple[int, ...]:
    """Layers of the fixed network: as published, or one hidden layer of ten as for the pole."""
    found = FIXED_SHAPES.get(task.name, ())
    if found and (found[0], found[-1]) == (task.num_inputs, task.num_outputs):
        return found
    return (task.num_inputs, 10, task.num_outputs)


def _check_numbers(asked: Asked) -> None:
    if asked.episodes < LEAST_EPISODES:
        raise UserError(f"--episodes: expected at least {LEAST_EPISODES}, found {asked.episodes}")
    if asked.episodes > 10**6:
        raise UserError(f"--episodes: expected at most a million, found {asked.episodes}")
    if asked.steps is not None and not 1 <= asked.steps < 2**53:
        raise UserError(f"--steps: expected at least 1 and less than 2**53, found {asked.steps}")
    if asked.workers is not None and not 0 <= asked.workers <= _MOST_WORKERS:
        raise UserError(f"--workers: expected 0 (in this process) to {_MOST_WORKERS}, found {asked.workers}")
    if not 0 <= asked.seed < 2**63:
        raise UserError(f"--seed: expected at least 0 and less than 2**63, found {asked.seed}")


def _check_baselines(asked: Asked, classified: bool) -> None:
    if asked.baselines is None:
        return
    if not classified:
        raise UserError("--baselines: expected a champion of classification with it, found none")
    if find_spec("torch") is None:
        return  # said later
    from baselines.registry import BASELINES

    for number, name in enumerate(asked.baselines):
        if name not in BASELINES:
            raise UserError(f"--baselines: expected known ones, found {name!r}{did_you_mean(name, BASELINES)}")
        if name in asked.baselines[:number]:
            raise UserError(f"--baselines: expected each once, found {name!r} twice")


def _entrants(paths: Sequence[str]) -> list[Entrant]:
    found: list[Entrant] = []
    for given in paths:
        path = find_champion_file(given)
        champion = load_champion(path)
        if not champion.genome.num_enabled:
            raise UserError(f"{path}: expected a champion with enabled connections, found none")
        try:
            task = task_of_champion(champion).reported
        except UserError as error:
            raise UserError(f"{path}: {error}") from None
        task = untouched_of(task)
        stem = path.stem if path.stem != "champion" else path.resolve().parent.name
        label = _unique(stem, [entrant.label for entrant in found])
        file_name = _unique(re.sub(r"[^A-Za-z0-9._-]", "_", stem)[:80], [entrant.file_name for entrant in found])
        digest = sha256(path.read_bytes()).hexdigest()
        found.append(Entrant(label, file_name, path, digest, champion, task))
    return found


def _unique(name: str, taken: Sequence[str]) -> str:
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def _make_directory(asked: Asked) -> None:
    directory = Path(asked.out)
    if asked.resume:
        if not (directory / STATE).is_dir():
            raise UserError(f"--resume: expected a comparison in {asked.out}, found none")
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        in_use = any(directory.iterdir())
        is_ours = (directory / STATE).is_dir()
    except OSError as error:
        raise UserError(f"--out {asked.out}: expected a directory that can be made ({error.strerror})") from error
    if is_ours:
        raise UserError(
            f"--out {asked.out}: expected a new or empty directory, found a comparison in it; go on with it by --resume"
        )
    if in_use:
        raise UserError(f"--out {asked.out}: expected a new or empty directory, found files in it")
