"""What a report says first: a title, and the few figures that matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envs.images.datasets import title_of as dataset_title
from inspection.weight_curve import WeightCurve
from wann.champion import Champion
from wann.network import Network

_TITLES = {
    "cartpole_swingup": "Cart-pole swing-up",
    "bipedal_walker": "Bipedal walker",
    "car_racing": "Car racing",
}


def title_of(champion: Champion) -> str:
    """What the champion is for, in words."""
    options = champion.task_options
    if champion.task == "classification":
        return dataset_title(str(options.get("dataset", "digits")))
    if champion.task == "gymnasium":
        return str(options.get("id", "Gymnasium"))
    title = _TITLES.get(champion.task, champion.task)
    harder = [word for word in ("hard", "hardcore") if options.get(word)]
    return f"{title}, {harder[0]}" if harder else title


def facts_of(champion: Champion, network: Network, curve: WeightCurve, depth: int) -> list[tuple[str, str, str]]:
    """(name, value, note) of each figure.

    Returns are the confirmed ones of the champion file, whose episodes nothing was chosen on; where it has none, they
    come from the curve.
    """
    what = "Accuracy" if curve.unit else "Return"
    facts = []
    if curve.own is not None:
        facts.append((f"{what}, own weights", f"{curve.own:,.1f}{curve.unit}", f"mean of {curve.episodes} episodes"))
    facts += [_best(champion, curve, what), _any(champion, curve, what)]
    layers = max(depth - 1, 0)
    used = len(set(network.sources[network.sources <= network.num_inputs].tolist()) - {0})
    weights = "one weight on all" if champion.individual_weights is None else "each with its own weight"
    facts += [
        ("Hidden nodes", f"{network.num_hidden:,}", f"in {layers} layer{'' if layers == 1 else 's'}"),
        ("Connections", f"{network.num_connections:,}", weights),
        ("Inputs used", f"{used:,}", f"of {network.num_inputs:,}"),
    ]
    minus = "\N{MINUS SIGN}"
    return [(name, value.replace("-", minus), note.replace("-", minus)) for name, value, note in facts]


def _best(champion: Champion, curve: WeightCurve, what: str) -> tuple[str, str, str]:
    name = f"{what}, best shared weight"
    weight, mean = (number_in(champion.returns, "best_shared_weight", key) for key in ("weight", "mean"))
    if weight is not None and mean is not None:
        return name, f"{mean:,.1f}{curve.unit}", f"at {weight:.2f}"
    best = int((curve.weights == curve.best_weight).argmax())
    return name, f"{curve.mean[best]:,.1f}{curve.unit}", f"at {curve.weights[best]:.2f}, highest of the curve"


def _any(champion: Champion, curve: WeightCurve, what: str) -> tuple[str, str, str]:
    name = f"{what}, random shared weight"
    low, high, mean = (number_in(champion.returns, "random_shared_weight", key) for key in ("low", "high", "mean"))
    if low is not None and high is not None and mean is not None:
        return name, f"{mean:,.1f}{curve.unit}", f"drawn from {low:g} to {high:g}"
    inside = curve.mean[abs(curve.weights) <= 2]
    return name, f"{inside.mean():,.1f}{curve.unit}", "mean of the curve from -2 to 2"


def number_in(returns: Mapping[str, Any], record: str, key: str) -> float | None:
    """A number of a record of confirmed returns, whose form nothing warrants; None where it is none."""
    found = returns.get(record)
    value = found.get(key) if isinstance(found, Mapping) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
