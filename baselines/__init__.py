"""Networks whose weights are trained, on the inputs, parts and scoring of weight-agnostic champions.

Rooms: ``models`` (one file for each baseline), ``training`` (by gradients and by CMA-ES), ``comparison`` (champions
beside tuned weights, fixed topologies and these models). May import `wann`, `envs`, `configs`, `storage`, `workers`,
`evolution` and `experiment`; neither `inspection` nor `encoding`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from baselines.baseline import Baseline as Baseline
    from baselines.model_file import load_model as load_model
    from baselines.registry import BASELINES as BASELINES
    from baselines.training_options import TrainingOptions as TrainingOptions

_PLACES = {
    "BASELINES": "baselines.registry",
    "Baseline": "baselines.baseline",
    "TrainingOptions": "baselines.training_options",
    "load_model": "baselines.model_file",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
