"""Loops over lanes of fixed width: a function of one lane becomes a few instructions for `WIDTH` lanes (numba).

LLVM compiles ``for l in range(num_lanes)`` for long loops: several vectors at a time, a test before each loop whether
rows overlap, and narrower loops for the rest. With 18 to 64 lanes the tests and the rest take most of the time. A loop
whose length it knows is unrolled before it could be vectorised. The loops made here carry the decisions with them:
one vector of `WIDTH` lanes at a time, no test, because all values are read before results are written, and no rest. For
a machine with narrower vectors LLVM splits them. No bit of a lane depends on this.

Numba cannot attach such hints to a loop, so this module writes the loops in LLVM's form. It uses ``make_array``,
``get_function`` and ``get_call_type``, which numba's extension interface does not document; see `wann.kernels.jit` for
the tested version.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from wann.kernels.jit import jit

WIDTH = 16  # lanes of a vector: 512 bits of float32, the widest there are

_INDEX, _FLOAT, _BIT = ir.IntType(64), ir.FloatType(), ir.IntType(1)
_VECTOR = ir.VectorType(_FLOAT, WIDTH)
_LANES = ir.ArrayType(_FLOAT, WIDTH)


def on_vectors(function: Any, num_outputs: int) -> Callable:
    """An intrinsic that applies a function to every lane of rows: ``apply(num_lanes, inputs, outputs)``.

    ``inputs`` and ``outputs`` are tuples of pairs of an array [rows, L] float32 and a row. ``num_lanes`` is a multiple
    of `WIDTH`. Of each vector, all inputs are read before an output is written, so an output may be an input's row.

    Args:
        function: compiled by `wann.kernels.jit.elementwise`; float32 arguments, one for each input, to a tuple of
            ``num_outputs`` float32, or to one.
        num_outputs: 1 or more.
    """

    @intrinsic
    def apply(typing_context: Any, num_lanes: Any, inputs: Any, outputs: Any) -> Any:
        callee = typing_context.resolve_value_type(function)
        inner = callee.get_call_type(typing_context, (types.float32,) * len(inputs), {})
        results = [types.float32] * num_outputs
        if inner.return_type not in (results[0], types.Tuple(results)):
            return None

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            call = context.get_function(callee, inner)
            rows = [_rows(context, builder, *pair) for pair in zip(signature.args[1:], args[1:], strict=True)]
            step = ir.Constant(_INDEX, WIDTH)
            with _Loop(builder, args[0], step, ("llvm.loop.unroll.disable",)) as first:
                _one_vector(context, builder, call, inner.return_type, [_at(builder, part, first) for part in rows])
            return context.get_dummy_value()

        return types.void(num_lanes, inputs, outputs), generate

    return apply


def _rows(context: Any, builder: Any, kind: Any, pairs: Any) -> list[Any]:
    """Pointers to the first lanes of the rows that a tuple of pairs names."""
    found = []
    for index, (array_type, row_type) in enumerate(kind):
        pair = builder.extract_value(pairs, index)
        array = context.make_array(array_type)(context, builder, builder.extract_value(pair, 0))
        row = context.cast(builder, builder.extract_value(pair, 1), row_type, types.int64)
        length = builder.extract_value(array.shape, 1)
        found.append(builder.gep(array.data, [builder.mul(row, length)]))
    return found


def _at(builder: Any, pointers: list[Any], first: Any) -> list[Any]:
    return [builder.bitcast(builder.gep(each, [first]), _VECTOR.as_pointer()) for each in pointers]


def _one_vector(context: Any, builder: Any, call: Any, result: Any, places: list[list[Any]]) -> None:
    """Load every input, apply the function to each lane, store every output.

    The loop runs over local copies, which no other pointer can reach, so LLVM need not test for an overlap. It keeps
    them in registers.
    """
    sources, targets = places
    with builder.goto_entry_block():
        local = [builder.alloca(_LANES) for _ in (*sources, *targets)]
    for pointer, copy in zip(sources, local[: len(sources)], strict=True):
        vector = builder.load(pointer, align=4)
        builder.store(vector, builder.bitcast(copy, _VECTOR.as_pointer()), align=4)
    zero = ir.Constant(_INDEX, 0)
    one, width = ir.Constant(_INDEX, 1), ir.Constant(_INDEX, WIDTH)
    hints = ("llvm.loop.unroll.disable", "llvm.loop.vectorize.enable", "llvm.loop.interleave.count")
    with _Loop(builder, width, one, (*hints, "llvm.loop.vectorize.width")) as lane:
        own = [builder.gep(copy, [zero, lane], inbounds=True) for copy in local]
        found = call(builder, [builder.load(each) for each in own[: len(sources)]])
        several = isinstance(result, types.BaseTuple)
        for index, each in enumerate(own[len(sources) :]):
            builder.store(builder.extract_value(found, index) if several else found, each)
    for pointer, copy in zip(targets, local[len(sources) :], strict=True):
        vector = builder.load(builder.bitcast(copy, _VECTOR.as_pointer()), align=4)
        builder.store(vector, pointer, align=4)


# Values of the hints; None for those that are a name alone.
_HINTS = {
    "llvm.loop.unroll.disable": None,
    "llvm.loop.vectorize.enable": ir.Constant(_BIT, 1),
    "llvm.loop.vectorize.width": ir.Constant(ir.IntType(32), WIDTH),
    "llvm.loop.interleave.count": ir.Constant(ir.IntType(32), 1),
}


class _Loop:
    """The body of ``for i in range(0, end, step)``, with hints; ``end`` is a multiple of ``step``."""

    def __init__(self, builder: Any, end: Any, step: Any, hints: tuple[str, ...]) -> None:
        self._builder, self._end, self._step, self._hints = builder, end, step, hints

    def __enter__(self) -> Any:
        builder = self._builder
        before, self._body = builder.block, builder.append_basic_block("lanes")
        self._after = builder.append_basic_block("after")
        is_empty = builder.icmp_signed("<=", self._end, ir.Constant(_INDEX, 0))
        builder.cbranch(is_empty, self._after, self._body)
        builder.position_at_end(self._body)
        self._index = builder.phi(_INDEX)
        self._index.add_incoming(ir.Constant(_INDEX, 0), before)
        return self._index

    def __exit__(self, *error: object) -> None:
        builder = self._builder
        following = builder.add(self._index, self._step, flags=("nuw", "nsw"))
        self._index.add_incoming(following, builder.block)
        is_over = builder.icmp_signed(">=", following, self._end)
        builder.cbranch(is_over, self._after, self._body).set_metadata("llvm.loop", self._named())
        builder.position_at_end(self._after)

    def _named(self) -> Any:
        """The hints as a node that, as LLVM wants it, names itself first, and so is of this loop alone."""
        module = self._builder.module
        text = [ir.MetaDataString(module, hint) for hint in self._hints]
        values = [[] if _HINTS[hint] is None else [_HINTS[hint]] for hint in self._hints]
        nodes = [module.add_metadata([name, *value]) for name, value in zip(text, values, strict=True)]
        own = module.add_metadata([ir.MetaDataString(module, f"loop {len(module.metadata)}"), *nodes])
        own.operands = (own, *nodes)
        return own


@jit
def aligned(rows: int, lanes: int) -> Any:
    """Zeros [rows, lanes] float32 whose first lane lies on a boundary of 64 bytes."""
    spare = np.zeros(rows * lanes + WIDTH, np.float32)
    first = (-spare.ctypes.data // 4) % WIDTH
    return spare[first : first + rows * lanes].reshape(rows, lanes)
