"""Every config of configs/, made so short that it takes seconds: a run of it gives a network that stays the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

DIGESTS = Path(__file__).resolve().parent / "configs.json"
CONFIGS = DIGESTS.parent.parent.parent / "configs"
# Latents of frames, and with them races, may differ between kinds of processors. Networks of temporal order guess after
# so few generations, and so few episodes of a rare right answer confirm no champion.
# A search that starts from a walker takes a minute of whole episodes.
_LEFT_OUT = ("car_racing", "temporal_order", "bipedal_walker_wider")
NAMES = sorted(
    path.relative_to(CONFIGS).with_suffix("").as_posix()
    for path in CONFIGS.rglob("*.yaml")
    if not path.stem.startswith(_LEFT_OUT)
)
COARSE = 1.0  # step of the grid of weights that the best one is looked for on
_CHAMPION = {"first_episodes": 1, "candidates": 2, "selection_episodes": 2, "report_episodes": 2}
_FEW_STEPS = {"bipedal_walker": {"max_steps": 60}}


def shortened(values: Mapping[str, Any]) -> dict[str, Any]:
    """The plain values of a config with few generations, genomes, images and episodes."""
    short = {
        **values,
        "workers": {"evaluator": "inline"},
        "logging": {"progress": False, "tensorboard": False},
        "champion": {**(values.get("champion") or {}), **_CHAMPION},
        "search": _search(values.get("search")),
        "task": dict(values.get("task") or {}),
    }
    few_steps = _FEW_STEPS.get(short["task"].get("name", ""), {})
    if short["task"].get("batch"):
        short["task"]["batch"] = min(200, short["task"]["batch"])
    if values.get("stages"):
        short["stages"] = [_stage(stage, few_steps) for stage in values["stages"][:3]]
        short.pop("generations", None)
    else:
        short["task"] |= few_steps
        short["generations"] = 4
    if values.get("replicates"):
        short["replicates"] = 2
    if values.get("sweep"):
        short["sweep"] = {"search.population": [8, 12], "search.complexity_probability": [0.2, 0.8]}
    return short


def recorded(name: str) -> dict[str, str]:
    """The digests of a config's short run.

    Gradients of many connections are matrix products of OpenBLAS, which has other sums, and so other lineages, for some
    kinds of processors. Those have digests of their own.
    """
    kept: dict[str, dict[str, str]] = json.loads(DIGESTS.read_text())
    kinds = {library.get("architecture") for library in threadpool_info()}
    return next((kept[f"{name} on {kind}"] for kind in kinds if f"{name} on {kind}" in kept), kept[name])


def digests(run: Path) -> dict[str, str]:
    """A digest of the network of each champion in a run, by the champion's path in it."""
    found = {}
    for path in sorted(run.rglob("champion.json")):
        champion = json.loads(path.read_text())
        network = json.dumps([champion["nodes"], champion["connections"]]).encode()
        found[path.relative_to(run).as_posix()] = hashlib.sha256(network).hexdigest()[:16]
    return found


def _search(values: Mapping[str, Any] | None) -> dict[str, Any]:
    search = {**(values or {}), "population": 8, "tournament_size": 4}
    if search.get("safe_mutation"):
        search["safe_mutation"] = {**search["safe_mutation"], "candidates": 3}
    if search.get("gradient_informed"):
        search["gradient_informed"] = {**search["gradient_informed"], "children": 3, "probes": 8}
    return search


def _stage(values: Mapping[str, Any], few_steps: Mapping[str, Any]) -> dict[str, Any]:
    stage = {key: value for key, value in values.items() if key != "enough"}
    return {
        **stage,
        "generations": 2,
        "restarts": 1,
        "survivors": 4,
        "search": _search(values.get("search")),
        "task": {**(values.get("task") or {}), **few_steps},
        "champion": {**(values.get("champion") or {}), "selection_episodes": 2},
    }
