"""The whole search in one file: its generations, its stages, and the choice of the champion.

`run_search.py` and `experiment.search` both run this.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from math import isfinite

from rich.console import Console

from envs.task import Task, groups_of
from evolution.protocol import AskTell, Summary
from evolution.registry import make_search
from experiment.build import Evaluators, Share, TaskOf, behaviour_of, task_of
from experiment.champions import crown, first_genomes
from experiment.plan import SearchPlan, plan_of
from experiment.recording.recorder import Recorder
from experiment.replicates.run import Finished, run_several
from experiment.stages import Found, run_stages
from experiment.stopping import end_of
from experiment.terminal.choosing import Choosing
from experiment.terminal.command_line import StopRequest
from experiment.terminal.live import Display, label_of
from storage.files import RunError
from storage.run_directory import RunDirectory
from wann.champion import Champion, format_champion
from wann.errors import Stopped
from workers.evaluator import Evaluator


def evolve(run: RunDirectory, task: Task, evaluator: Evaluator, console: Console, stop: StopRequest) -> AskTell | None:
    """Run one search from its newest checkpoint to its last generation. Returns None if asked to stop."""
    config = run.config
    shape, first, behaviour = (task.num_inputs, task.num_outputs), first_genomes(run, task), behaviour_of(config, task)
    search = make_search(config, *shape, first, behaviour, groups_of(task))
    with (
        Recorder(run, search, config.logging) as recorder,
        Display(console, label_of(run.path), config.generations, config.logging.progress) as display,
    ):
        while (end := end_of(config, search.generation, recorder.newest)) is None:
            if stop.requested:
                return None
            summary = search.tell(recorder.evaluate(evaluator, search.ask()))
            if summary is not None:  # else the generation continues, with a race or children proposed by gradients
                _check_first(summary, task, recorder.failures)
                display.update(recorder.record(summary, evaluator.statistics()))
    if search.generation < config.generations:
        display.ended(search.generation, end)
    return search


def find_champion(
    run: RunDirectory, plan: SearchPlan, evaluators: Evaluators, console: Console, stop: StopRequest
) -> Champion | None:
    """Search, in the plan's stages if any, then choose the champion. Returns None (or `Stopped`) if asked to stop."""

    def evolve_one(run: RunDirectory) -> AskTell | None:
        task = evaluators.task_of(run.config)
        return evolve(run, task, evaluators.on(task), console, stop)

    if plan.stages:
        found = run_stages(run, plan, evolve_one, evaluators, console, stop)
    else:
        search = evolve_one(run)
        found = None if search is None else Found(search.candidates(), search.generation)
    if found is None:
        return None
    with Choosing(console, label_of(run.path), "the champion", run.config.logging.progress) as choosing:
        champion = crown(plan, found, evaluators, stop, choosing.update)
    run.write_champion(format_champion(champion).encode())
    return champion


def run_whole(
    run: RunDirectory, console: Console, stop: StopRequest, share: Share | None = None, tasks: TaskOf = task_of
) -> Champion | Finished | None:
    """Run the one search, or all searches, of a run's config up to their champions. Returns None if stopped."""
    plan = plan_of(run.config)

    def find(run: RunDirectory, plan: SearchPlan) -> Champion | None:
        return find_champion(run, plan, evaluators, console, stop)

    with Evaluators(run.config, console, share, tasks) as evaluators, suppress(Stopped):
        if plan.is_several:
            return run_several(run, plan, find, console, stop)
        return find(run, plan.searches[0])
    return None


def _check_first(summary: Summary, task: Task, failures: Mapping[str, str]) -> None:
    """Raise an error, before anything is recorded, if every genome of the first generation failed.

    Raises:
        RunError: names the task, or the task's reasons.
    """
    if summary.generation == 0 and summary.num_failed and not isfinite(summary.best_mean_return):
        own = f"expected finite rewards and observations of the task {task.name!r}, simulated by {task.simulated_by}"
        reasons = "; ".join(failures[kind] for kind in sorted(failures)) or own
        found = f"every return of the first generation is not finite ({summary.num_failed} genomes failed)"
        raise RunError(None, f"{found}: {reasons}")
