"""A champion as an ONNX model, in float32, with a matrix product for each group of nodes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from inspection.exports.onnx_graph import Graph
from inspection.exports.onnx_step import StepGraph
from inspection.exports.origin import origin_of
from inspection.exports.setting import Setting, by_connection, is_shared
from inspection.exports.texts import printable
from wann.champion import Champion
from wann.errors import UserError
from wann.layers import Group, layers_of
from wann.network import compile_genome

if TYPE_CHECKING:
    import onnx

OPSET, IR_VERSION = 17, 8  # of 2022, which all kinds of runtimes can read


def render_onnx(champion: Champion, setting: Setting) -> bytes:
    """The model: ``observation [batch, I]`` to ``output [batch, O]``.

    A network with state becomes one step: ``state [batch, S]``, zeros at the start of an episode, is an input, and
    ``next_state`` an output. With a shared weight the scalar ``weight`` is a further input that may be left out;
    individual weights are constants. The metadata names the task; as JSON it has the task's options, the weight, how
    outputs become actions, and the names of inputs and outputs.

    Raises:
        UserError: weights are beyond the range of float32.
    """
    import onnx

    _check_reach(setting)
    is_plain = compile_genome(champion.genome).is_plain
    graph = _GroupGraph(champion, setting) if is_plain else StepGraph(champion, setting)
    model = onnx.helper.make_model(
        graph.proto(),
        producer_name="weight-agnostic-search",
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.helper.set_model_props(model, _properties(champion, setting))
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _properties(champion: Champion, setting: Setting) -> dict[str, str]:
    origin = origin_of(champion, setting)
    return {
        "task": printable(champion.task),
        "task_options": json.dumps(champion.task_options),
        "weight": json.dumps(origin["weight"]),
        "actions": json.dumps(origin["actions"]),
        "input_names": json.dumps(champion.input_names),
        "output_names": json.dumps(champion.output_names),
    }


def _check_reach(setting: Setting) -> None:
    beyond = np.flatnonzero(np.abs(setting) > np.finfo(np.float32).max)
    if len(beyond):
        raise UserError(key="weight", expected="one that float32 can hold", found=f"{np.ravel(setting)[beyond[0]]}")


class _GroupGraph(Graph):
    """Collects operators and constants while it walks over the groups."""

    def __init__(self, champion: Champion, setting: Setting) -> None:
        super().__init__()
        self._genome, self._setting = champion.genome, setting
        self._weights = by_connection(setting, champion.genome.num_enabled)
        self._layers = layers_of(compile_genome(champion.genome))

    def proto(self) -> onnx.GraphProto:
        from onnx import TensorProto, helper, numpy_helper

        values = "observation"  # a column for each row but the bias
        for index, group in enumerate(self._layers.groups):
            computed = self._group(group, values, f"group_{index}")
            values = self._add("Concat", (values, computed), f"values_{index}", axis=1)
        columns = np.array(self._layers.output_rows, np.int64) - 1
        self._gather(values, columns, "output")
        float32, genome = TensorProto.FLOAT, self._genome
        inputs = [helper.make_tensor_value_info("observation", float32, ["batch", genome.num_inputs])]
        if is_shared(self._setting):
            inputs.append(helper.make_tensor_value_info("weight", float32, []))
            self._constants["weight"] = self._setting.astype(np.float32)
        return helper.make_graph(
            self._operators,
            "champion",
            inputs,
            [helper.make_tensor_value_info("output", float32, ["batch", genome.num_outputs])],
            [numpy_helper.from_array(value, name) for name, value in self._constants.items()],
        )

    def _group(self, group: Group, values: str, name: str) -> str:
        """Add the operators that compute the nodes of a group, [batch, n]."""
        of_bias = group.sources == 0
        # A group that the bias alone feeds, or nothing, still needs the length of the batch.
        columns = np.unique(group.sources[~of_bias] - 1) if not of_bias.all() else np.zeros(1, np.int64)
        weights = np.ones(len(group.sources)) if is_shared(self._setting) else self._weights[group.connection_ids]
        matrix = np.zeros((len(columns), group.num_nodes), np.float32)
        places = np.searchsorted(columns, group.sources[~of_bias] - 1)
        matrix[places, group.targets[~of_bias]] = weights[~of_bias]
        bias = np.zeros(group.num_nodes, np.float32)
        bias[group.targets[of_bias]] = weights[of_bias]
        self._constants |= {f"{name}_matrix": matrix, f"{name}_bias": bias}
        sources = self._gather(values, columns, f"{name}_sources")
        sums = self._add("Gemm", (sources, f"{name}_matrix", f"{name}_bias"), f"{name}_sums")
        if is_shared(self._setting):
            sums = self._add("Mul", (sums, "weight"), f"{name}_weighted")
        return self._activate(group.activation, sums, name)
