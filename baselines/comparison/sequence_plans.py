"""Plans of the models that champions of a sequence task are compared with: which, of which size, how trained."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from baselines.comparison.comparison_options import CHAMPION, ComparisonOptions
from baselines.given_settings import read_settings
from baselines.registry import SEQUENCE_BASELINES
from baselines.sequence_options import SequenceOptions, SequencePlan, plan_of, shape_of, trainer_of
from envs.registry import declared_options
from envs.sequences.problem import Problem
from envs.sequences.registry import PROBLEMS, problem_class
from envs.sequences.task import SequenceTask
from wann.errors import UserError

if TYPE_CHECKING:
    from baselines.comparison.entrants import Entrant
    from baselines.training.on_sequences import SequenceTrainer

# Of every model and of the champions' own topologies: equal, so that all see equally many batches.
UPDATES = 2000
QUICK_SEQUENCE_BASELINES = (CHAMPION, "rnn", "lstm", "fast_weights")
_MOST_HIDDEN = 2**14
_PARTS = ("model", "training")


def problem_of_task(task: SequenceTask) -> Problem:
    """The problem of a task, without the task's own options; of a user's own task, the task itself."""
    if task.name not in PROBLEMS:
        return task
    kind = problem_class(task.name)
    return kind(**{field.name: getattr(task, field.name) for field in fields(kind)})


def names_of(options: ComparisonOptions) -> tuple[str, ...]:
    """The models to train, and `CHAMPION` for the champions' topologies."""
    given = options.baselines or QUICK_SEQUENCE_BASELINES
    return tuple(name for name in given if name == CHAMPION or name in SEQUENCE_BASELINES)


def model_plans(options: ComparisonOptions, task: SequenceTask) -> list[tuple[SequenceOptions, SequencePlan]]:
    """A plan for each model, with the options by which `compare_baselines.py --baseline` makes the same one.

    Raises:
        UserError: a model that does not fit the task, or a setting that is refused.
    """
    read_settings(options.settings, _PARTS)
    problem, names = problem_of_task(task), [name for name in names_of(options) if name != CHAMPION]
    of_task = tuple(f"task.{key}={json.dumps(value)}" for key, value in _changed(problem).items())
    found = []
    for name in names:
        settings = (*of_task, f"training.tests={options.episodes}", *_settings_for(name, names, options.settings))
        updates = options.updates or UPDATES
        training = SequenceOptions(name, problem.name, "", settings, options.seed, updates, "cpu")
        plan = plan_of(training, problem)
        if options.parameters is not None:
            hidden = _hidden_for(options.parameters, _sizes(plan))
            training = replace(training, settings=(*settings, f"model.hidden={hidden}"))
            plan = plan_of(training, problem)
        found.append((training, plan))
    return found


def topology_plan(options: ComparisonOptions, entrant: Entrant, problem: Problem) -> SequencePlan:
    """The plan of training a champion's topology by gradients through time."""
    from baselines.models.sequences.recurrent_topology import TopologySettings

    settings, trainer = TopologySettings(entrant.digest), topology_trainer(options)
    return SequencePlan(CHAMPION, problem, shape_of(problem), settings, trainer, options.seed, "cpu")


def topology_trainer(options: ComparisonOptions) -> SequenceTrainer:
    """The trainer of champions' topologies.

    Raises:
        UserError: a setting of no part, or one that is refused.
    """
    from baselines.models.sequences.recurrent_topology import TRAINER

    given = read_settings(options.settings, _PARTS)["training"]
    return trainer_of(TRAINER, given, options.updates or UPDATES)


def _changed(problem: Problem) -> dict[str, Any]:
    """The options of a problem that are not its defaults."""
    values = ((field.name, getattr(problem, field.name), field.default) for field in fields(problem))
    return {name: value for name, value, default in values if value != default}


def _settings_for(name: str, names: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Those settings that a model has; others must be those of another model.

    Raises:
        UserError: no model has a setting.
    """
    declared = {known: declared_options(type(SEQUENCE_BASELINES[known].settings)) for known in names}
    kept = []
    for text in texts:
        part, _, key = text.partition("=")[0].strip().partition(".")
        if part == "model" and not any(key in declared[known] for known in names):
            raise UserError(key=f"--set {part}.{key}", expected="a setting of one of the models", found="no such one")
        if part != "model" or key in declared[name]:
            kept.append(text)
    return kept


def _sizes(plan: SequencePlan) -> Callable[[int], int]:
    from baselines.train_sequences import new_model

    return lambda hidden: new_model(replace(plan, settings=replace(plan.settings, hidden=hidden))).num_parameters


def _hidden_for(wanted: int, size: Callable[[int], int]) -> int:
    """The number of hidden units of the model whose number of parameters is nearest."""
    high = 1
    while size(high) < wanted and high < _MOST_HIDDEN:
        high *= 2
    low = max(1, high // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(middle) < wanted else (low, middle)
    return min((low, high), key=lambda hidden: abs(size(hidden) - wanted))
