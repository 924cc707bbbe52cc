"""Episodes recorded while the report is made: poses and inputs of every frame, which the page plays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from envs.playing import CannotDraw, Episode
from envs.task import Playable
from inspection.live.packing import pack_table
from inspection.live.part import LivePart
from inspection.live.scenes import SCENES, PictureScene, Scene
from inspection.live.settings import telling_weights
from inspection.video import without_display
from wann.champion import Champion
from wann.extras import install, is_installed
from wann.network import compile_genome

# A thousand steps of the racer take ten seconds, mostly in its simulator.
_EPISODES = {"bipedal_walker": 4}
_FEWER_EPISODES = 3
_PATIENCE = 250  # a recording of a walker or racer ends after so many steps without a new maximum of the return
_LONGEST = 5000  # steps
_SCRIPTS = ("live_controls.js", "live_scenes.js", "live_rollouts.js")


def rollouts_part(
    champion: Champion, task: Playable, seed: int, weight: float | None, max_steps: int = _LONGEST
) -> LivePart:
    """Episodes from one start at several weights, the first at ``weight``, cut once the agent makes no more progress.

    Args:
        champion: of the task.
        task: with a scene in `inspection.live.scenes`, or any that renders.
        seed: of all episodes.
        weight: None for the champion's individual weights.
        max_steps: length at which a recording is cut.

    Raises:
        UserError: see `envs.box2d.simulation` (no Box2D).
        CannotDraw: the environment gives no pictures, or Pillow is missing.
    """
    network, count = compile_genome(champion.genome), _EPISODES.get(task.name, _FEWER_EPISODES)
    make_scene = SCENES.get(task.name, PictureScene)
    patience = max_steps if make_scene is PictureScene else _PATIENCE
    render = make_scene is PictureScene
    if render and not is_installed("PIL"):
        raise CannotDraw(f"pictures need the package Pillow; {install('PIL', 'video')}")
    weights: list[float | None] = list(telling_weights(champion, weight, count))
    if champion.individual_weights is not None and weight is None:
        weights = [None, *weights][:count]
    rollouts, still, fps = [], {}, 0.0
    with without_display():
        for shown in weights:
            setting = np.array([champion.individual_weights if shown is None else shown], np.float64)
            with Episode(task.reported, network, setting, seed, render=render) as episode:
                scene = make_scene(episode.environment)
                rollouts.append({"weight": shown, **_record(episode, scene, max_steps, patience)})
                still, fps = scene.still, float(episode.environment.metadata.get("render_fps") or 30)
    return LivePart("rollouts", {"scene": still, "fps": fps, "seed": seed, "rollouts": rollouts}, _SCRIPTS)


def _record(episode: Episode, scene: Scene, max_steps: int, patience: int) -> dict[str, Any]:
    """An episode of n steps: tables [n + 1, ...] of poses, inputs and returns so far, and how it ended."""
    poses, inputs, returns = [scene.pose()], [episode.inputs[0]], [0.0]
    best = 0
    while not episode.over and len(poses) <= max_steps and len(poses) - best <= patience:
        before = episode.steps
        episode.step()
        if episode.steps == before or not math.isfinite(episode.value):
            break  # the network or the simulator had no finite answer
        poses.append(scene.pose())
        inputs.append(episode.inputs[0])
        returns.append(episode.value)
        best = best if episode.value <= returns[best] else len(returns) - 1
    broken = not math.isfinite(episode.value)
    return {
        "steps": len(poses) - 1,
        "value": returns[-1],
        "end": "broken" if broken else "over" if episode.over else "cut",
        "poses": pack_table(poses),
        "inputs": pack_table(np.array(inputs)),
        "returns": pack_table(np.array(returns)[:, None]),
        **scene.extras(),
    }
