"""The computations of `wann` by torch, on any device. Within `wann`, only this room imports torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from wann.torch.batch import TorchBackend as TorchBackend
    from wann.torch.device import choose_device as choose_device
    from wann.torch.device import one_thread as one_thread
    from wann.torch.device import repeatable as repeatable
    from wann.torch.sequences import StateProgram as StateProgram
    from wann.torch.sequences import episode_outputs as episode_outputs

_PLACES = {
    "StateProgram": "wann.torch.sequences",
    "TorchBackend": "wann.torch.batch",
    "choose_device": "wann.torch.device",
    "one_thread": "wann.torch.device",
    "episode_outputs": "wann.torch.sequences",
    "repeatable": "wann.torch.device",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
