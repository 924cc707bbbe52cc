"""What a report says first: a title, and the few figures that matter."""

from __future__ import annotations

from inspection.weight_curve import WeightCurve
from wann.champion import Champion
from wann.network import Network

_TITLES = {
    "cartpole_swingup": "Cart-pole swing-up",
    "bipedal_walker": "Bipedal walker",
    "car_racing": "Car racing",
}
_DATASETS = {"mnist": "MNIST digits", "fashion_mnist": "Fashion-MNIST", "digits": "Digits, 8 by 8"}


def title_of(champion: Champion) -> str:
    """What the champion is for, in words."""
    options = champion.task_options
    if champion.task == "classification":
        name = str(options.get("dataset", "digits"))
        return _DATASETS.get(name, name)
    if champion.task == "gymnasium":
        return str(options.get("id", "Gymnasium"))
    title = _TITLES.get(champion.task, champion.task)
    harder = [word for word in ("hard", "hardcore") if options.get(word)]
    return f"{title}, {harder[0]}" if harder else title


def facts_of(champion: Champion, network: Network, curve: WeightCurve, depth: int) -> list[tuple[str, str, str]]:
    """(name, value, note) of each figure."""
    best = int((curve.weights == curve.best_weight).argmax())
    what = "Accuracy" if curve.unit else "Return"
    facts = []
    if curve.own is not None:
        facts.append((f"{what}, own weights", f"{curve.own:,.1f}{curve.unit}", f"mean of {curve.episodes} episodes"))
    value = f"{curve.mean[best]:,.1f}{curve.unit}"
    facts.append((f"{what}, best shared weight", value, f"at {curve.weights[best]:.2f}"))
    inside = curve.mean[abs(curve.weights) <= 2]
    facts.append((f"{what}, any shared weight", f"{inside.mean():,.1f}{curve.unit}", "mean from -2 to 2"))
    used = len(set(network.sources[network.sources <= network.num_inputs].tolist()) - {0})
    weights = "one weight on all" if champion.individual_weights is None else "each with its own weight"
    facts += [
        ("Hidden nodes", f"{network.num_hidden:,}", f"in {max(depth - 1, 0)} layers"),
        ("Connections", f"{network.num_connections:,}", weights),
        ("Inputs used", f"{used:,}", f"of {network.num_inputs:,}"),
    ]
    minus = "\N{MINUS SIGN}"
    return [(name, value.replace("-", minus), note.replace("-", minus)) for name, value, note in facts]
