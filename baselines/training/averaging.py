"""Averages of parameters: an exponential mean over updates, which is judged and kept instead of the last values.

After Polyak & Juditsky 1992, who average all updates alike. Where updates move answers to and fro, as those of rounded
gates and of memories do, the mean is better than any of them.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from wann.errors import UserError

_Tensors = tuple[Tensor, ...] | list[Tensor]
_WARM_UP = 10  # after n updates the decay is at most (1 + n) / (10 + n), so that the start is soon forgotten


class Averages:
    """The mean of a model's parameters, as a model of its own. Buffers are the newest.

    Args:
        model: that is trained.
        decay: of the mean in an update; 0 keeps no mean.
        updates: made so far. The mean's values, if there were any, are then to be loaded into `model`.
    """

    def __init__(self, model: nn.Module, decay: float, updates: int = 0) -> None:
        self._model, self._decay, self._updates = model, decay, updates
        self._averaged = AveragedModel(model, multi_avg_fn=self._take_in) if decay else None
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
        self._updates += 1

    def _take_in(self, means: _Tensors, newest: _Tensors, _: Tensor | int) -> None:
        share = 1 - min(self._decay, (1 + self._updates) / (_WARM_UP + self._updates))
        for mean, new in zip(means, newest, strict=True):
            mean.lerp_(new, share)


def check_average(decay: float) -> None:
    """Refuse a decay that is none.

    Raises:
        UserError: it is not at least 0 and less than 1.
    """
    if not 0 <= decay < 1:
        raise UserError(key="training.average", expected="at least 0 and less than 1", found=str(decay))
