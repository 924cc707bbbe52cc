"""Operators and constants of an ONNX graph that is being made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wann.activations import ACTIVATIONS, PERIODIC_LIMIT, STEP_THRESHOLD

if TYPE_CHECKING:
    import onnx

# Of the activations' operators (`wann.activations.Activation.onnx`).
CONSTANTS = {
    "threshold": STEP_THRESHOLD,
    "limit": PERIODIC_LIMIT,
    "-limit": -PERIODIC_LIMIT,
    "half": 0.5,
    "-half": -0.5,
    "two": 2.0,
    "pi": np.pi,
}


class Graph:
    """What the graphs of all networks have in common."""

    def __init__(self) -> None:
        self._constants: dict[str, NDArray] = {}
        self._operators: list[onnx.NodeProto] = []

    def proto(self) -> onnx.GraphProto:
        raise NotImplementedError

    def _activate(self, activation: str, sums: str, name: str) -> str:
        from onnx import TensorProto

        made = {"x": sums, "": sums}
        for index, (operator, *inputs) in enumerate(ACTIVATIONS[activation].onnx):
            for constant in set(inputs) & set(CONSTANTS):
                self._constants[constant] = np.array(CONSTANTS[constant], np.float32)
            settings: dict[str, Any] = {"to": TensorProto.FLOAT} if operator == "Cast" else {}
            made[""] = self._add(
                operator, [made.get(key, key) for key in inputs], f"{name}_{operator.lower()}_{index}", **settings
            )
            if operator == "Clip":
                made["clipped"] = made[""]
        return made[""]

    def _gather(self, values: str, columns: NDArray[np.int64], name: str) -> str:
        self._constants[f"{name}_columns"] = columns
        return self._add("Gather", (values, f"{name}_columns"), name, axis=1)

    def _add(self, operator: str, inputs: Sequence[str], output: str, **settings: Any) -> str:
        from onnx import helper

        self._operators.append(helper.make_node(operator, inputs, [output], name=output, **settings))
        return output
