"""Evaluation on Ray actors, of this machine or of a cluster.

Imports `wann`, `envs` and the rest of `workers`; Ray itself when it is first needed. Only `workers.ray.private` uses
names of Ray that are not part of its documented interface.
"""

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from workers.ray.cluster import RaySession as RaySession
    from workers.ray.cluster import connect as connect
    from workers.ray.evaluator import RayEvaluator as RayEvaluator
    from workers.ray.options import RayOptions as RayOptions

__all__ = ["RayEvaluator", "RayOptions", "RaySession", "connect"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "RayEvaluator": "workers.ray.evaluator",
        "RayOptions": "workers.ray.options",
        "RaySession": "workers.ray.cluster",
        "connect": "workers.ray.cluster",
    },
)
