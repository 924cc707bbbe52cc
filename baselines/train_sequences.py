"""The training of one model of sequences, from its plan to a model and its figures."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import torch

from baselines.models.sequences.sequence_model import SequenceModel
from baselines.registry import SEQUENCE_BASELINES
from baselines.sequence_options import SequenceOptions, SequencePlan
from baselines.training.on_sequences import TrainingState, Watcher, has_ended, train_on_sequences
from baselines.training.sequence_judging import Judgement, judge, to_tensors
from baselines.training.trainer import Progress
from envs.sequences.problem import HasFingerprint, JudgedToo, Problem

_BLOCK = 100  # test episodes at once


@dataclass(frozen=True)
class SequenceResult:
    """A trained model and what is known of it."""

    model: SequenceModel
    plan: SequencePlan
    state: TrainingState
    tests: Mapping[str, Judgement]  # by length, or by what else is changed
    provenance: dict[str, Any]  # the same for the same plan on the same machine

    def plain(self) -> dict[str, Any]:
        """For ``results.json``."""
        seconds = {"cpu_seconds": round(self.state.cpu_seconds, 1)}
        return self.provenance | seconds | {"curve": [asdict(point) for point in self.state.curve]}

    def line(self) -> str:
        """For a person."""
        tests = "; ".join(
            f"{label}: {found.accuracy:.2f} %, {found.wrong_per_sequence:.2f} wrong a sequence"
            for label, found in self.tests.items()
        )
        return (
            f"{self.plan.baseline} on {self.plan.problem.name}: {tests}; "
            f"{self.model.num_parameters:,} trained parameters; {self.state.update:,} updates, "
            f"{self.state.cpu_seconds:.0f} CPU s"
        )


def new_model(plan: SequencePlan) -> SequenceModel:
    """The untrained model of a plan."""
    generator = torch.Generator().manual_seed(plan.seed)
    return SEQUENCE_BASELINES[plan.baseline].make(plan.shape, plan.settings, generator).to(plan.device)


def train_plan(
    plan: SequencePlan,
    progress: Progress = lambda *_: None,
    state: TrainingState | None = None,
    watcher: Watcher = lambda _: False,
) -> tuple[SequenceModel, TrainingState, bool]:
    """The model of a plan, the state of its training, and False if the watcher stopped it before its end.

    See `baselines.training.on_sequences.train_on_sequences`.
    """
    model = new_model(plan)
    state = train_on_sequences(model, plan.problem, plan.trainer, plan.seed, progress, state, watcher)
    return model, state, has_ended(state, plan.trainer)


def report(options: SequenceOptions, plan: SequencePlan, model: SequenceModel, state: TrainingState) -> SequenceResult:
    """Judge a trained model on test episodes, once, and put together what is known of it."""
    tests = judge_on_tests(model, plan.problem, plan.trainer.tests)
    return SequenceResult(model, plan, state, tests, _provenance(options, plan, model, state, tests))


def judge_on_tests(model: SequenceModel, problem: Problem, episodes: int = 0) -> dict[str, Judgement]:
    """Judgements by label: at the lengths of training, at the judging lengths, and of what else a problem names.

    Args:
        model: a trained one.
        problem: that it was trained on.
        episodes: of each judgement; 0: as many as the problem names.
    """
    count = episodes or problem.test_episodes
    found = {"as trained": _judged(model, problem, count)}
    for length in problem.judging_lengths:
        found[f"{length} {problem.length_counts}"] = _judged(model, problem, count, length)
    for label, other in (problem.judged_too if isinstance(problem, JudgedToo) else {}).items():
        found[label] = _judged(model, other, count)
    return found


def _judged(model: SequenceModel, problem: Problem, count: int, length: int | None = None) -> Judgement:
    block = min(_BLOCK, count)
    return judge(model, (problem.draw("test", number, block, length) for number in range(count // block)))


def _provenance(
    options: SequenceOptions,
    plan: SequencePlan,
    model: SequenceModel,
    state: TrainingState,
    tests: Mapping[str, Judgement],
) -> dict[str, Any]:
    sample = plan.problem.draw("validation", 0, _BLOCK)
    inputs = to_tensors(sample, next(model.parameters()).device).inputs
    with torch.inference_mode():
        figures = dict(model.figures(inputs))
    return plain_plan(plan) | {
        "validation": {name: getattr(state.best_point, name) for name in ("accuracy", "cross_entropy")},
        "test": {label: asdict(found) for label, found in tests.items()},
        "parameters": model.num_parameters,
        "memory_numbers": model.memory(sample.num_steps),
        "memory_numbers_at_steps": sample.num_steps,
        "updates": state.update,
        "best_update": state.best_update,
        "figures": figures,
        "command": _command(options),
        "versions": {package: version(package) for package in ("torch", "numpy")},
    }


def plain_plan(plan: SequencePlan) -> dict[str, Any]:
    """A plan for JSON. Two plans are equal where these are."""
    return {
        "baseline": plan.baseline,
        "task": plan.problem.name,
        "task_options": asdict(plan.problem),
        "model": asdict(plan.settings),
        "training": asdict(plan.trainer),
        "data": dict(plan.problem.fingerprint) if isinstance(plan.problem, HasFingerprint) else {},
        "seed": plan.seed,
        "device": plan.device,
    }


def _command(options: SequenceOptions) -> str:
    words = ["compare_baselines.py", "--baseline", options.baseline, "--task", options.task]
    words += [word for text in options.settings for word in ("--set", text)]
    words += ["--seed", str(options.seed)]
    words += [] if options.updates is None else ["--updates", str(options.updates)]
    return shlex.join(words)
