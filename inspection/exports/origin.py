"""The origin of an exported network: its task with all options, its weight, and how its outputs become actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envs.registry import task_of_champion
from envs.task import DescribesActions
from inspection.exports.setting import Setting, is_shared
from wann.champion import Champion
from wann.errors import UserError


def origin_of(champion: Champion, setting: Setting) -> dict[str, Any]:
    """Plain JSON values.

    Returns:
        ``task``: its name and options, as in the champion file. ``weight``: the shared one, or "individual".
        ``actions``: see `envs.task.DescribesActions`; None where the task is not known here, or does not say.
    """
    return {
        "task": {"name": champion.task, **champion.task_options},
        "weight": setting.item() if is_shared(setting) else "individual",
        "actions": _actions(champion),
    }


def _actions(champion: Champion) -> Mapping[str, Any] | None:
    try:
        task = task_of_champion(champion)
    except UserError:
        return None
    return task.describe_actions() if isinstance(task, DescribesActions) else None
