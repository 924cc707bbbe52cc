"""The baselines by name.

A new one is a file with an object ``BASELINE`` and a line here: the command, comparisons, model files and the tests of
`tests/baselines` read from it what they need. Names are known without torch, which the models need.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from baselines.baseline import Baseline

_PLACES = {
    "linear": "baselines.models.linear",
    "mlp": "baselines.models.mlp",
    "cnn": "baselines.models.cnn",
    "hypernetwork": "baselines.models.hypernetwork",
    "coordinate_hypernetwork": "baselines.models.coordinate_hypernetwork",
    "mask": "baselines.models.mask",
    "champion": "baselines.models.champion_by_gradients",
    "champion_cma_es": "baselines.models.champion_by_cma_es",
}


class _Baselines(Mapping[str, "Baseline"]):
    """Imports the file of a baseline when it is looked up."""

    def __getitem__(self, name: str) -> Baseline:
        found: Baseline = import_module(_PLACES[name]).BASELINE
        return found

    def __contains__(self, name: object) -> bool:
        return name in _PLACES

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


BASELINES: Mapping[str, Baseline] = _Baselines()
