"""Averages of parameters: an exponential mean over updates, which is judged and kept instead of the last values.

Polyak & Juditsky 1992. Where updates move answers to and fro, as rounded gates and memories do, their mean is better
than any of them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

_Tensors = tuple[Tensor, ...] | list[Tensor]
_SLOW_START = 10  # the mean follows at once in the first updates


class Averages:
    """The mean of a model's parameters, as a model of its own. Buffers are the newest.

    Args:
        model: that is trained.
        decay: of the mean in an update, after the first ones; 0 keeps no mean.
        updates: made so far, if ``model`` holds means of them.
    """

    def __init__(self, model: nn.Module, decay: float, updates: int = 0) -> None:
        self._model, self._decay = model, decay
        self._averaged = AveragedModel(model, multi_avg_fn=self._mean) if decay else None
        if self._averaged is not None:
            self._averaged.n_averaged.fill_(updates)

    @property
    def model(self) -> nn.Module:
        """What is judged: the mean, or without one the model itself."""
        return self._model if self._averaged is None else self._averaged.module

    def update(self) -> None:
        """Take in the model's parameters after an update."""
        if self._averaged is not None:
            self._averaged.update_parameters(self._model)

    def _mean(self, averages: _Tensors, newest: _Tensors, count: Tensor | int) -> None:
        seen = float(count)
        torch._foreach_lerp_(averages, newest, 1 - min(self._decay, (1 + seen) / (_SLOW_START + seen)))
