"""Episodes of a sequence problem for the page, which steps through them with the champion's network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.sequences.episodes import Episodes
from envs.sequences.rules import TIE
from envs.sequences.task import SequenceTask
from envs.task import HasGroups
from inspection.live.part import LivePart
from inspection.live.settings import sweep_of
from wann.champion import Champion

_OF_TRAINING = 3  # episodes with the lengths of training
_MOST_NUMBERS = 20_000  # inputs of an episode of a judging length
_MOST_LEVELS = 4  # values of an input that a click goes through; of others it takes 0 and their largest
_MOST_STEPS = 1000
_FLAGS = ("go", "ask")  # inputs that ask a question


def sequence_part(champion: Champion, task: SequenceTask, seed: int) -> LivePart:
    """Episodes of the test part: a few as in training, and one of each judging length that is not too long."""
    drawn = [task.draw("test", seed + place, 1) for place in range(_OF_TRAINING)]
    named = [(f"{_steps(one)} steps", one) for one in drawn]
    for length in task.judging_lengths:
        episode = task.draw("test", seed + len(named), 1, length)
        if _steps(episode) <= _MOST_STEPS and _steps(episode) * task.num_inputs <= _MOST_NUMBERS:
            named.append((_length(length, task.length_counts), episode))
    inputs = np.concatenate([episode.inputs.reshape(-1, task.num_inputs) for _, episode in named])
    levels = _levels(inputs)
    keys, typing = _keys(task, levels, inputs)
    return LivePart(
        kind="sequence",
        data={
            "answers": task.answers,
            "tie": TIE,
            "episodes": [{"name": name, **_data(episode)} for name, episode in named],
            "levels": levels,
            "keys": keys,
            "typing": typing,
            "weights": sweep_of(champion),
        },
        scripts=("live_controls.js", "live_tape.js", "live_sequence.js"),
    )


def _length(length: int, counts: str) -> str:
    """A length in words, such as "16 steps" or "delay 60"."""
    return f"{length} {counts}" if counts.endswith("s") else f"{counts} {length}"


def _steps(episode: Episodes) -> int:
    return int(episode.lengths[0])


def _data(episode: Episodes) -> dict[str, Any]:
    """``inputs`` [T, I]; ``targets``, T classes or T lists of bits; ``judged`` [T]."""
    steps = _steps(episode)
    targets = episode.targets[:steps, 0]
    return {
        "inputs": [[_short(value) for value in row] for row in episode.inputs[:steps, 0].tolist()],
        "targets": np.rint(targets).astype(int).tolist(),
        "judged": episode.judged[:steps, 0].tolist(),
    }


def _short(value: float) -> float | int:
    """The same number; whole ones take fewer bytes as such."""
    return int(value) if value == int(value) else value


def _levels(inputs: NDArray[np.float32]) -> list[list[float]]:
    """Values that each input takes, [I] lists, ascending, with 0 among them unless it has two others."""
    found = []
    for column in inputs.T:
        values = np.unique(column)
        if len(values) > _MOST_LEVELS:
            values = np.array([0.0, values.max()])
        if len(values) < 2:
            values = np.unique([*values, 0.0, 1.0])
        found.append([_short(value) for value in values.tolist()])
    return found


def _keys(task: SequenceTask, levels: list[list[float]], inputs: NDArray[np.float32]) -> tuple[dict[str, Any], str]:
    """Keys that set an input of the step that is being typed, and their names in words.

    An input whose name is one character has that key; a flag has the question mark; an input of two signs has plus and
    minus. The stop leaves a step blank. A key has its ``input`` and ``value``, and the ``group`` of inputs of which a
    step has only one: if one is typed already, the next step begins.

    Args:
        inputs: [T, I] of episodes, which show whether inputs of two groups come together.
    """
    keys: dict[str, Any] = {}
    groups = _groups(task, inputs)
    for i, (name, own) in enumerate(zip(task.input_names, levels, strict=True)):
        group = next((list(group) for group in groups if i in group), [i])
        if len(name) == 1:
            keys[name.lower()] = {"input": i, "value": own[-1], "group": group}
        elif name in _FLAGS:
            keys["?"] = {"input": i, "value": own[-1], "group": group}
        elif own[0] < 0 < own[-1]:
            signs = {"+": own[-1], "-": own[0]}
            keys |= {key: {"input": i, "value": value, "group": group} for key, value in signs.items()}
    if not keys:
        return {}, ""
    keys["."] = {"input": None, "value": 0, "group": list(range(task.num_inputs))}
    singles = [key for key in keys if key.isalnum()]
    others = [key.replace("-", "\N{MINUS SIGN}") for key in keys if not key.isalnum() and key != "."]
    shown = [*(singles if len(singles) < 6 else ["letters and digits"]), *others]
    return keys, " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _groups(task: SequenceTask, inputs: NDArray[np.float32]) -> list[tuple[int, ...]]:
    """Groups of inputs of which a step has one: those that the task declares, or all, if no step has more than one."""
    if not ((inputs != 0).sum(axis=1) > 1).any():
        return [tuple(range(task.num_inputs))]
    return list(task.input_groups) if isinstance(task, HasGroups) else []
