"""The effort of a comparison by task: the plan of tuning, episodes for the best shared weight, the fixed network."""

from __future__ import annotations

from dataclasses import replace

from baselines.comparison.published_figures import FIXED_SHAPES
from baselines.comparison.weight_tuning import TuningPlan
from envs.sequences.task import SequenceTask
from envs.task import Task

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
    # A wide spread loses the gait of a walker that walks already, and takes most of the steps to find it again.
    "bipedal_walker": TuningPlan(
        steps=60_000_000, population=24, rollouts=4, sigma=0.1, selection_episodes=64, final_episodes=256
    ),
    # The first spread of Ha & Schmidhuber 2018, who tuned racers by CMA-ES too.
    "car_racing": TuningPlan(
        steps=30_000_000,
        population=24,
        rollouts=2,
        sigma=0.1,
        check_every=8,
        selection_episodes=32,
        final_episodes=256,
    ),
}
OTHER_PLAN = TuningPlan(steps=5_000_000, population=16, rollouts=4, selection_episodes=32, final_episodes=128)
# Of sequences; an episode of it is a batch of them.
SEQUENCE_PLAN = TuningPlan(
    steps=20_000_000, population=16, rollouts=4, sigma=0.3, selection_episodes=16, final_episodes=64
)
_SELECTION_EPISODES = {"cartpole_swingup": 512, "bipedal_walker": 64, "car_racing": 64}
_OTHER_SELECTION_EPISODES = 64


def plan_of(task: Task, steps: int | None) -> TuningPlan:
    """The plan of tuning on a task, with ``steps`` instead of its own if given."""
    plan = SEQUENCE_PLAN if isinstance(task, SequenceTask) else PLANS.get(task.name, OTHER_PLAN)
    return plan if steps is None else replace(plan, steps=steps)


def selection_episodes_of(task: Task) -> int:
    """Episodes of the last round that chooses the best shared weight."""
    if isinstance(task, SequenceTask):
        return SEQUENCE_PLAN.selection_episodes
    return _SELECTION_EPISODES.get(task.name, _OTHER_SELECTION_EPISODES)


def fixed_shape(task: Task) -> tuple[int, ...]:
    """Layers of the fixed network: hidden ones as published, also for other inputs, or one of ten as for the pole."""
    hidden = FIXED_SHAPES[task.name][1:-1] if task.name in FIXED_SHAPES else (10,)
    return (task.num_inputs, *hidden, task.num_outputs)
