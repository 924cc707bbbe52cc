"""Networks whose weights are trained, on the inputs, parts and scoring of weight-agnostic champions.

Rooms: ``models`` (one file for each baseline; those of sequences in ``models.sequences``), ``training`` (by gradients,
by CMA-ES, and on sequences), ``comparison`` (champions beside tuned weights, fixed topologies and these models).
May import `wann`, `envs`, `configs`, `storage`, `workers`,
`evolution` and `experiment`; neither `inspection` nor `encoding`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from baselines.baseline import Baseline as Baseline
    from baselines.model_file import load_model as load_model
    from baselines.registry import BASELINES as BASELINES
    from baselines.registry import SEQUENCE_BASELINES as SEQUENCE_BASELINES
    from baselines.sequence_baseline import SequenceBaseline as SequenceBaseline
    from baselines.sequence_file import load_sequence_model as load_sequence_model
    from baselines.training_options import TrainingOptions as TrainingOptions

_PLACES = {
    "BASELINES": "baselines.registry",
    "Baseline": "baselines.baseline",
    "SEQUENCE_BASELINES": "baselines.registry",
    "SequenceBaseline": "baselines.sequence_baseline",
    "TrainingOptions": "baselines.training_options",
    "load_model": "baselines.model_file",
    "load_sequence_model": "baselines.sequence_file",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
