"""Inspection of champions: reports, pictures, films, exports, and policies.

Rooms: ``drawing`` (pictures as SVG), ``live`` (widgets of a report), ``report`` (its page), ``exports`` (for other
programs). May import `wann`, `envs`, `configs`, `storage`, `workers`, `evolution` and `experiment`; neither `baselines`
nor `encoding`.

::

    champion = load_champion("docs/champions/swingup_one_weight.json")
    policy = inspection.Policy(champion)  # at its best shared weight
    print(policy.play(seed=1).value)
    curve = inspection.measure_weight_curve(champion, policy.task, seed=0)
    inspection.save_picture(Path("out"), "weights", inspection.draw_weight_curve(curve))
    inspection.export_champion(champion, "out", ["onnx"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from inspection.drawing.diagram import draw_network as draw_network
    from inspection.drawing.picture_files import save_picture as save_picture
    from inspection.exports.registry import EXPORTS as EXPORTS
    from inspection.exports.registry import export_champion as export_champion
    from inspection.history import load_history as load_history
    from inspection.inspection_options import InspectionOptions as InspectionOptions
    from inspection.policy import Policy as Policy
    from inspection.published_csv import import_published as import_published
    from inspection.video import record_video as record_video
    from inspection.weight_curve import WeightCurve as WeightCurve
    from inspection.weight_curve import draw_weight_curve as draw_weight_curve
    from inspection.weight_curve import measure_weight_curve as measure_weight_curve
    from inspection.weights import best_weight as best_weight

_PLACES = {
    "EXPORTS": "inspection.exports.registry",
    "InspectionOptions": "inspection.inspection_options",
    "Policy": "inspection.policy",
    "WeightCurve": "inspection.weight_curve",
    "best_weight": "inspection.weights",
    "draw_network": "inspection.drawing.diagram",
    "draw_weight_curve": "inspection.weight_curve",
    "export_champion": "inspection.exports.registry",
    "import_published": "inspection.published_csv",
    "load_history": "inspection.history",
    "measure_weight_curve": "inspection.weight_curve",
    "record_video": "inspection.video",
    "save_picture": "inspection.drawing.picture_files",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
