"""A network with state as an ONNX graph of one step: states in and out; see `inspection.exports.onnx_model`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inspection.exports.onnx_graph import Graph
from inspection.exports.setting import Setting, by_connection, is_shared
from wann.activations import ACTIVATION_OF_CODE
from wann.champion import Champion
from wann.network import compile_genome
from wann.plasticity import DECAY, LIMIT

if TYPE_CHECKING:
    import onnx


class StepGraph(Graph):
    """Operators of one step, node by node. Values of rows are tensors [batch, 1]."""

    def __init__(self, champion: Champion, setting: Setting) -> None:
        super().__init__()
        self._genome, self._setting = champion.genome, setting
        self._network = compile_genome(champion.genome)
        self._weights = by_connection(setting, champion.genome.num_enabled)
        self._rows: list[str] = []  # names of the rows' values
        self._after: list[str] = []  # names of the next state's strengths, then totals

    def proto(self) -> onnx.GraphProto:
        from onnx import TensorProto, helper, numpy_helper

        network, float32 = self._network, TensorProto.FLOAT
        limits = {"decay": DECAY, "-most": -LIMIT, "most": LIMIT}
        self._constants |= {name: np.array(value, np.float32) for name, value in limits.items()}
        self._constants["reduced"] = np.array([1], np.int64)
        columns = [self._column("observation", i, f"input_{i}") for i in range(network.num_inputs)]
        shape = self._add("Shape", (columns[0],), "shape")
        for name, value in (("nothing", 0.0), ("bias", 1.0)):
            self._add("ConstantOfShape", (shape,), name, value=numpy_helper.from_array(np.array([value], np.float32)))
        self._rows = ["bias", *columns]
        self._rows += [self._column("state", m, f"memory_{m}") for m in range(len(network.copies))]
        totals: list[str] = []
        edge = 0
        for k, (code, fan_in) in enumerate(zip(network.activations.tolist(), network.fan_in.tolist(), strict=True)):
            self._node(f"node_{k}", code, range(edge, edge + fan_in), totals)
            edge += fan_in
        self._concatenated(self._rows[-network.num_outputs :], "output")
        for row, source in network.copies.tolist():
            self._rows[row] = self._rows[source]
        memory = self._rows[1 + network.num_inputs : network.first_row]
        after = [*memory, *self._after, *totals]
        inputs = [helper.make_tensor_value_info("observation", float32, ["batch", network.num_inputs])]
        outputs = [helper.make_tensor_value_info("output", float32, ["batch", network.num_outputs])]
        if after:
            self._concatenated(after, "next_state")
            inputs.append(helper.make_tensor_value_info("state", float32, ["batch", network.num_state]))
            outputs.append(helper.make_tensor_value_info("next_state", float32, ["batch", network.num_state]))
        if is_shared(self._setting):
            inputs.append(helper.make_tensor_value_info("weight", float32, []))
            self._constants["weight"] = self._setting.astype(np.float32)
        constants = [numpy_helper.from_array(np.asarray(value), name) for name, value in self._constants.items()]
        return helper.make_graph(self._operators, "champion", inputs, outputs, constants)

    def _node(self, name: str, code: int, edges: range, totals: list[str]) -> None:
        network, entry = self._network, ACTIVATION_OF_CODE[code]
        is_product, terms = entry.gathers == "product", []
        learning: list[tuple[str, str]] = []
        for edge in edges:
            read = term = self._rows[network.sources[edge]]
            if edge in network.plastic:
                place = len(network.copies) + len(self._after) + len(learning)
                strength = self._column("state", place, f"strength_{place}")
                learning.append((strength, read))
                term = self._add("Mul", (strength, read), f"{name}_recalled_{edge}")
            if not is_shared(self._setting):
                weight = self._number(float(self._weights[network.connection_ids[edge]]))
                term = self._add("Mul", (term, weight), f"{name}_weighted_{edge}")
            elif is_product:
                term = self._add("Mul", (term, "weight"), f"{name}_weighted_{edge}")
            terms.append(term)
        if not terms:
            argument = "nothing"
        elif is_product:
            argument = self._add(
                "ReduceProd", (self._concatenated(terms, f"{name}_terms"),), f"{name}_product", axes=[1]
            )
        else:
            argument = self._add("ReduceSum", (self._concatenated(terms, f"{name}_terms"), "reduced"), f"{name}_sum")
        if entry.gathers == "total":
            place = len(network.copies) + len(network.plastic) + len(totals)
            before = self._column("state", place, f"total_{place}")
            argument = self._add("Add", (before, argument), f"{name}_total")
            totals.append(argument)
        if is_shared(self._setting) and not is_product:
            argument = self._add("Mul", (argument, "weight"), f"{name}_weighted")
        value = self._activate(entry.name, argument, name)
        for number, (strength, read) in enumerate(learning):
            kept = self._add("Mul", (strength, "decay"), f"{name}_kept_{number}")
            learnt = self._add("Mul", (read, value), f"{name}_learnt_{number}")
            both = self._add("Add", (kept, learnt), f"{name}_strength_{number}")
            self._after.append(self._add("Clip", (both, "-most", "most"), f"{name}_limited_{number}"))
        self._rows.append(value)

    def _column(self, values: str, column: int, name: str) -> str:
        return self._gather(values, np.array([column], np.int64), name)

    def _concatenated(self, values: list[str], name: str) -> str:
        return self._add("Concat", values, name, axis=1)

    def _number(self, value: float) -> str:
        name = f"number_{value!r}"
        self._constants[name] = np.array(value, np.float32)
        return name
