"""The baselines by name: models of images, and models of sequences.

A new one is a file with an object ``BASELINE`` and a line here: the command, comparisons, model files and the tests of
`tests/baselines` read from it what they need. Names are known without torch, which the models need.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from baselines.baseline import Baseline
    from baselines.sequence_baseline import SequenceBaseline

_PLACES = {
    "linear": "baselines.models.linear",
    "mlp": "baselines.models.mlp",
    "cnn": "baselines.models.cnn",
    "hypernetwork": "baselines.models.hypernetwork",
    "coordinate_hypernetwork": "baselines.models.coordinate_hypernetwork",
    "mask": "baselines.models.mask",
    "gates": "baselines.models.gates",
    "gates_any_weight": "baselines.models.gates_any_weight",
    "gumbel_gates": "baselines.models.gumbel_gates",
    "equal_path_gates": "baselines.models.equal_path_gates",
    "invertible": "baselines.models.invertible",
    "champion": "baselines.models.champion_by_gradients",
    "champion_cma_es": "baselines.models.champion_by_cma_es",
}
_SEQUENCE_PLACES = {
    "rnn": "baselines.models.sequences.rnn",
    "irnn": "baselines.models.sequences.irnn",
    "lstm": "baselines.models.sequences.lstm",
    "layer_norm_lstm": "baselines.models.sequences.layer_norm_lstm",
    "hyper_lstm": "baselines.models.sequences.hyper_lstm",
    "fast_weights": "baselines.models.sequences.fast_weights",
    "ntm": "baselines.models.sequences.ntm",
    "act": "baselines.models.sequences.act",
    "attention": "baselines.models.sequences.attention",
    "neural_programmer": "baselines.models.sequences.neural_programmer",
}
_Kind = TypeVar("_Kind", covariant=True)


class _Baselines(Mapping[str, _Kind]):
    """Imports the file of a baseline when it is looked up."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> _Kind:
        found: _Kind = import_module(self._places[name]).BASELINE
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


BASELINES: Mapping[str, Baseline] = _Baselines(_PLACES)
SEQUENCE_BASELINES: Mapping[str, SequenceBaseline] = _Baselines(_SEQUENCE_PLACES)
