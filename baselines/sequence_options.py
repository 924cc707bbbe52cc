"""The options of training one model of sequences, and the plan that they make after all checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from baselines.given_settings import read_settings, with_settings
from baselines.registry import BASELINES, SEQUENCE_BASELINES
from envs.sequences.problem import Problem
from envs.sequences.registry import problem_class
from wann.errors import UserError, did_you_mean
from wann.extras import check_installed

if TYPE_CHECKING:  # they import torch, which may be missing
    from baselines.models.sequences.sequence_model import SequenceShape
    from baselines.training.on_sequences import SequenceTrainer

_PARTS = ("task", "model", "training")
_GO = "go"  # the name of the input that asks for answers


@dataclass(frozen=True)
class SequenceOptions:
    """See ``compare_baselines.py --help``."""

    baseline: str
    task: str
    out: str
    settings: tuple[str, ...] = ()  # texts such as "model.hidden=50"
    seed: int = 0
    updates: int | None = None  # None: those of the baseline
    device: str = "auto"
    resume: bool = False


@dataclass(frozen=True)
class SequencePlan:
    """All that decides the training of a model, with nothing left open."""

    baseline: str
    problem: Problem
    shape: SequenceShape
    settings: Any  # of the model; see `baselines.sequence_baseline.SequenceBaseline`
    trainer: SequenceTrainer
    seed: int
    device: str


def plan_of(options: SequenceOptions, problem: Problem | None = None) -> SequencePlan:
    """The plan of some options.

    Args:
        options: all of them.
        problem: to train on, instead of that which the options name and set.

    Raises:
        UserError: an unknown name or setting, an impossible number, a model that does not fit the task, or something
            that is not installed.
    """
    name = options.baseline
    if name not in SEQUENCE_BASELINES:
        raise _unknown(name)
    check_installed("torch", "the package 'torch' to be installed", extra="torch")
    given = read_settings(options.settings, _PARTS)
    problem = problem or problem_of(options.task, given["task"])
    shape = shape_of(problem)
    check_fits(name, shape)
    baseline = SEQUENCE_BASELINES[name]
    settings = with_settings(baseline.settings, given["model"], "model", f"the model {name}")
    trainer = trainer_of(baseline.trainer, given["training"], options.updates)
    if not 0 <= options.seed < 2**31:
        raise UserError(key="--seed", expected="at least 0 and less than 2**31", found=str(options.seed))
    from wann.torch.device import choose_device

    return SequencePlan(name, problem, shape, settings, trainer, options.seed, choose_device(options.device))


def trainer_of(defaults: SequenceTrainer, values: dict[str, Any], updates: int | None) -> SequenceTrainer:
    """A trainer with some of its settings replaced.

    Raises:
        UserError: there is no such setting, or a number is impossible.
    """
    trainer = with_settings(defaults, values, "training", "training")
    if updates is not None:
        trainer = replace(trainer, updates=updates)
    for number in ("updates", "batch", "every", "validation", "patience"):
        if getattr(trainer, number) < 1:
            key = "--updates" if number == "updates" else f"--set training.{number}"
            raise UserError(key=key, expected="at least 1", found=str(getattr(trainer, number)))
    if trainer.tests < 0:
        raise UserError(key="--set training.tests", expected="at least 0", found=str(trainer.tests))
    return trainer


def problem_of(name: str, values: dict[str, Any]) -> Problem:
    """A sequence problem with some of its options replaced.

    Raises:
        UserError: there is no such problem or option, or a value is refused.
    """
    return with_settings(problem_class(name, "--task")(), values, "task", f"the task {name}")


def shape_of(problem: Problem) -> SequenceShape:
    """The facts of a problem that a model is made for."""
    from baselines.models.sequences.sequence_model import SequenceShape

    names = problem.input_names
    go = names.index(_GO) if _GO in names else None
    return SequenceShape(problem.name, problem.num_inputs, problem.num_outputs, problem.answers, go)


def check_fits(baseline: str, shape: SequenceShape) -> None:
    """Refuse a model and a problem that do not fit.

    Raises:
        UserError: it names the kind of problem that the model is for.
    """
    unfit = SEQUENCE_BASELINES[baseline].unfit(shape)
    if unfit:
        raise UserError(key=f"--task {shape.problem}", expected=f"{unfit}, for --baseline {baseline}")


def _unknown(name: str) -> UserError:
    if name in BASELINES:
        expected = f"a model of sequences with --task ({', '.join(SEQUENCE_BASELINES)})"
        return UserError(key="--baseline", expected=expected, found=f"{name!r}, which takes images")
    near = did_you_mean(name, SEQUENCE_BASELINES)
    return UserError(key="--baseline", expected="a known model of sequences", found=f"{name!r}{near}")
