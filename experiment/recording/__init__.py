"""The record of a search: metrics, TensorBoard events, snapshots, checkpoints, and third-party trackers.

Imports what `experiment` may; ``mlflow`` and ``wandb`` only where a config asks for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from experiment.recording.recorder import Recorder as Recorder
    from experiment.recording.tensorboard import Events as Events
    from experiment.recording.trackers import TRACKERS as TRACKERS
    from experiment.recording.trackers import Tracking as Tracking

_PLACES = {
    "Events": "experiment.recording.tensorboard",
    "Recorder": "experiment.recording.recorder",
    "TRACKERS": "experiment.recording.trackers",
    "Tracking": "experiment.recording.trackers",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
