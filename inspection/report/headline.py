"""The head of a report: a title and the most important figures."""

from __future__ import annotations

from envs.images.datasets import title_of as dataset_title
from inspection.drawing.layout import ends_of
from inspection.measure import Measure, measure_of
from inspection.weight_curve import WeightCurve
from inspection.weights import number_in, weight_text
from wann.champion import Champion
from wann.network import Network

_TITLES = {
    "cartpole_swingup": "Cart-pole swing-up",
    "bipedal_walker": "Bipedal walker",
    "car_racing": "Car racing",
    "parity": "Parity",
    "copy": "Copy",
    "copy_vectors": "Copy of vectors",
    "associative_retrieval": "Associative retrieval",
    "counting": "Counting",
    "delayed_xor": "Delayed XOR",
    "temporal_order": "Temporal order",
    "digits_rows": "Digits, row by row",
    "digits_pixels": "Digits, pixel by pixel",
}
Fact = tuple[str, str, str]  # name, value, note


def title_of(champion: Champion) -> str:
    """The purpose of a champion in a few words."""
    options = champion.task_options
    if champion.task == "classification":
        return dataset_title(str(options.get("dataset", "digits")))
    if champion.task == "gymnasium":
        return str(options.get("id", "Gymnasium"))
    title = _TITLES.get(champion.task, champion.task)
    harder = [word for word in ("hard", "hardcore") if options.get(word)]
    return f"{title}, {harder[0]}" if harder else title


def facts_of(champion: Champion, network: Network, curve: WeightCurve | None, depth: int) -> list[Fact]:
    """(name, value, note) of each figure.

    Returns are the confirmed ones of the champion file, on episodes that were not used for any choice. If the file has
    none, they come from the curve; without a curve they are left out.
    """
    measure = measure_of(champion)
    facts = []
    if curve is not None and curve.own is not None:
        facts.append((f"{measure.noun}, own weights", _value(curve.own, measure), f"mean of {curve.episodes} episodes"))
    facts += [fact for fact in (_best(champion, curve, measure), _random(champion, curve, measure)) if fact is not None]
    layers = max(depth - 1, 0)
    used = num_used_inputs(network)
    weights = "one weight on all" if champion.individual_weights is None else "each with its own weight"
    facts += [
        ("Hidden nodes", f"{network.num_hidden:,}", f"in {layers} layer{'' if layers == 1 else 's'}"),
        ("Connections", f"{network.num_connections:,}", weights),
        ("Inputs used", f"{used:,}", f"of {network.num_inputs:,}"),
    ]
    minus = "\N{MINUS SIGN}"
    return [(name, value.replace("-", minus), note.replace("-", minus)) for name, value, note in facts]


def num_used_inputs(network: Network) -> int:
    """Inputs that an output depends on."""
    return len(set(ends_of(network)[:, 0][ends_of(network)[:, 0] <= network.num_inputs].tolist()) - {0})


def _best(champion: Champion, curve: WeightCurve | None, measure: Measure) -> Fact | None:
    name = f"{measure.noun}, best shared weight"
    weight, mean = (number_in(champion.returns, "best_shared_weight", key) for key in ("weight", "mean"))
    if weight is not None and mean is not None:
        return name, _value(mean, measure), f"at {weight_text(weight)}"
    if curve is None:
        return None
    best = int((curve.weights == curve.best_weight).argmax())
    note = f"at {weight_text(curve.best_weight)}, highest of the curve"
    return name, _value(float(curve.mean[best]), measure), note


def _random(champion: Champion, curve: WeightCurve | None, measure: Measure) -> Fact | None:
    name = f"{measure.noun}, random shared weight"
    low, high, mean = (number_in(champion.returns, "random_shared_weight", key) for key in ("low", "high", "mean"))
    if low is not None and high is not None and mean is not None:
        return name, _value(mean, measure), f"drawn from {low:g} to {high:g}"
    if curve is None:
        return None
    inside = curve.mean[abs(curve.weights) <= 2]
    return name, _value(float(inside.mean()), measure), "mean of the curve from -2 to 2"


def _value(mean: float, measure: Measure) -> str:
    return f"{mean:,.1f}{measure.unit}"
