"""One number in each lane: vectors of `LANES` numbers that compiled code adds, compares and selects like one number.

A loop over lanes that LLVM must vectorise by itself does so only if it can prove that rows do not overlap, which it
cannot for rows that are known at run time. These types make vector code certain, and short: `load` a row of a flat
array, calculate with ``+ - * /`` and comparisons, `select` by a mask, and `store`. Every operation is IEEE 754's, lane
by lane; nothing is reassociated or fused except where `fused_multiply_add` says so. A plain number stands for the same
number in all lanes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import extending, types
from numba.extending import lower_builtin, models, register_model, type_callable

from wann.kernels.jit import elementwise

LANES = 16

f32 = np.float32

# Callers do not write the typing context, which an intrinsic takes as its first argument.
intrinsic: Any = extending.intrinsic

_ELEMENTS: dict[types.Type, Any] = {
    types.float32: ir.FloatType(),
    types.float64: ir.DoubleType(),
    types.int32: ir.IntType(32),
    types.boolean: ir.IntType(1),
}


class LanesType(types.Type):
    """A number of type ``element`` in each lane."""

    def __init__(self, element: types.Type) -> None:
        self.element = element
        super().__init__(f"Lanes({element})")


singles, doubles, integers, masks = (LanesType(element) for element in _ELEMENTS)


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: LanesType) -> None:
        super().__init__(manager, lanes, ir.VectorType(_ELEMENTS[lanes.element], LANES))


def _spread(builder: Any, value: Any) -> Any:
    """A scalar in all lanes."""
    vector = ir.VectorType(value.type, LANES)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(
        one, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    )


def _in_lanes(context: Any, builder: Any, value: Any, found: Any, wanted: LanesType) -> Any:
    """A value of type ``found`` in lanes of type ``wanted``."""
    if isinstance(found, LanesType):
        return value
    return _spread(builder, context.cast(builder, value, found, wanted.element))


def _common(a: Any, b: Any) -> LanesType | None:
    """The type of lanes in which two values are calculated; None if neither is in lanes, or they differ."""
    lanes = [value for value in (a, b) if isinstance(value, LanesType)]
    if not lanes or (len(lanes) == 2 and lanes[0] != lanes[1]):
        return None
    others = [value for value in (a, b) if not isinstance(value, LanesType)]
    return lanes[0] if all(isinstance(other, types.Number | types.Boolean) for other in others) else None


def _define(operation: Callable, emit: Callable, result: LanesType | None = None) -> None:
    """Define a binary operator on lanes. ``emit(builder, floating, a, b)`` gives its instruction."""

    @type_callable(operation)
    def of_lanes(context: Any) -> Callable:
        def typer(a: Any, b: Any) -> LanesType | None:
            common = _common(a, b)
            return None if common is None else result or common

        return typer

    def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        common = _common(*signature.args)
        assert common is not None
        a, b = (_in_lanes(context, builder, *pair, common) for pair in zip(arguments, signature.args, strict=True))
        return emit(builder, isinstance(common.element, types.Float), a, b)

    for pair in ((LanesType, LanesType), (LanesType, types.Number), (types.Number, LanesType)):
        lower_builtin(operation, *pair)(lower)


def _arithmetic(name: str) -> Callable:
    return lambda builder, floating, a, b: getattr(builder, f"f{name}" if floating else name)(a, b)


def _comparison(symbol: str) -> Callable:
    def emit(builder: Any, floating: bool, a: Any, b: Any) -> Any:
        if not floating:
            return builder.icmp_signed(symbol, a, b)
        # Only != is true of a NaN, as everywhere.
        return (builder.fcmp_unordered if symbol == "!=" else builder.fcmp_ordered)(symbol, a, b)

    return emit


for _operation in (operator.add, operator.sub, operator.mul):
    for _same in (_operation, getattr(operator, f"i{_operation.__name__}")):
        _define(_same, _arithmetic(_operation.__name__))
for _same in (operator.truediv, operator.itruediv):
    _define(_same, lambda builder, floating, a, b: builder.fdiv(a, b))
for _name, _symbol in {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}.items():
    _define(getattr(operator, _name), _comparison(_symbol), masks)
for _name in ("and_", "or_"):
    for _same in (getattr(operator, _name), getattr(operator, f"i{_name.strip('_')}")):
        _define(_same, lambda builder, floating, a, b, name=_name: getattr(builder, name)(a, b))
_define(operator.rshift, lambda builder, floating, a, b: builder.ashr(a, b))


@type_callable(operator.neg)
def _type_of_negative(context: Any) -> Callable:
    return lambda a: a if isinstance(a, LanesType) else None


@lower_builtin(operator.neg, LanesType)
def _negative(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.fneg(arguments[0])


@type_callable(operator.invert)
def _type_of_inverse(context: Any) -> Callable:
    return lambda a: a if isinstance(a, LanesType) else None


@lower_builtin(operator.invert, LanesType)
def _inverse(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.not_(arguments[0])


def _address(context: Any, builder: Any, array: Any, value: Any, row: Any, vector: Any) -> Any:
    """Pointer to lane 0 of a row of a flat array."""
    data = context.make_array(array)(context, builder, value).data
    first = builder.mul(row, ir.Constant(row.type, LANES))
    return builder.bitcast(builder.gep(data, [first]), vector.as_pointer())


def _holds_rows(name: str, array: Any, row: Any) -> bool:
    """True for an array and a row that `load` and `store` take; False for other kinds of arguments.

    Raises:
        TypingError: an array in which rows of lanes would be other numbers.
    """
    if not isinstance(array, types.Array) or not isinstance(row, types.Integer):
        return False
    if (array.dtype, array.ndim, array.layout) != (types.float32, 1, "C"):
        raise numba.TypingError(f"{name}: expected a contiguous array [rows * {LANES}] of float32, found {array}")
    return True


@intrinsic
def load(typing_context, array, row):
    """Row ``row`` of a flat array [rows * LANES] of float32."""
    if not _holds_rows("load", array, row):
        return None

    def generate(context, builder, signature, arguments):
        vector = context.get_value_type(singles)
        row_index = context.cast(builder, arguments[1], signature.args[1], types.intp)
        return builder.load(_address(context, builder, signature.args[0], arguments[0], row_index, vector), align=4)

    return singles(array, row), generate


@intrinsic
def store(typing_context, array, row, value):
    """Write lanes, or one number for all of them, to row ``row`` of a flat array of float32."""
    if not _holds_rows("store", array, row):
        return None

    def generate(context, builder, signature, arguments):
        vector = context.get_value_type(singles)
        row_index = context.cast(builder, arguments[1], signature.args[1], types.intp)
        lanes = _in_lanes(context, builder, arguments[2], signature.args[2], singles)
        address = _address(context, builder, signature.args[0], arguments[0], row_index, vector)
        builder.store(lanes, address, align=4)
        return context.get_dummy_value()

    return types.void(array, row, value), generate


@intrinsic
def select(typing_context, mask, a, b):
    """``a`` where the mask is set, ``b`` elsewhere."""
    common = (
        singles if mask == masks and not isinstance(a, LanesType) and not isinstance(b, LanesType) else _common(a, b)
    )
    if mask != masks or common is None:
        return None

    def generate(context, builder, signature, arguments):
        own, other = (
            _in_lanes(context, builder, *pair, common) for pair in zip(arguments[1:], signature.args[1:], strict=True)
        )
        return builder.select(arguments[0], own, other)

    return common(mask, a, b), generate


def _reduction(name: str) -> Any:
    @intrinsic
    def reduce(typing_context, mask):
        if mask != masks:
            return None

        def generate(context, builder, signature, arguments):
            vector = context.get_value_type(masks)
            function = ir.FunctionType(ir.IntType(1), [vector])
            reduction = f"llvm.vector.reduce.{name}.v{LANES}i1"
            declared = builder.module.globals.get(reduction) or ir.Function(builder.module, function, reduction)
            return builder.call(declared, arguments)

        return types.boolean(mask), generate

    return reduce


any_lane, all_lanes = _reduction("or"), _reduction("and")


def _elementwise_call(name: str, count: int) -> Any:
    """The intrinsic of LLVM that applies to vectors of floating point numbers."""

    def call(builder: Any, arguments: Any) -> Any:
        vector = arguments[0].type
        suffix = f"v{LANES}f{32 if vector.element == ir.FloatType() else 64}"
        function = ir.FunctionType(vector, [vector] * count)
        full = f"llvm.{name}.{suffix}"
        declared = builder.module.globals.get(full) or ir.Function(builder.module, function, full)
        return builder.call(declared, arguments)

    return call


_sqrt, _fma = _elementwise_call("sqrt", 1), _elementwise_call("fma", 3)


@intrinsic
def square_root(typing_context, value):
    if value not in (singles, doubles):
        return None
    return value(value), lambda context, builder, signature, arguments: _sqrt(builder, arguments)


@intrinsic
def fused_multiply_add(typing_context, a, b, c):
    """a * b + c of doubles, rounded once."""
    if not all(value == doubles or isinstance(value, types.Float) for value in (a, b, c)):
        return None

    def generate(context, builder, signature, arguments):
        pairs = zip(arguments, signature.args, strict=True)
        return _fma(builder, [_in_lanes(context, builder, *pair, doubles) for pair in pairs])

    return doubles(a, b, c), generate


def _conversion(wanted: LanesType, instruction: str, sources: tuple[LanesType, ...]) -> Any:
    @intrinsic
    def convert(typing_context, value):
        if value not in sources:
            return None

        def generate(context, builder, signature, arguments):
            return getattr(builder, instruction)(arguments[0], context.get_value_type(wanted))

        return wanted(value), generate

    return convert


to_double = _conversion(doubles, "fpext", (singles,))
to_single = _conversion(singles, "fptrunc", (doubles,))
truncated = _conversion(integers, "fptosi", (doubles, singles))
double_of_integer = _conversion(doubles, "sitofp", (integers,))


@intrinsic
def spread(typing_context, value):
    """A number as float32 in all lanes."""
    if not isinstance(value, types.Number):
        return None

    def generate(context, builder, signature, arguments):
        return _in_lanes(context, builder, arguments[0], signature.args[0], singles)

    return singles(value), generate


@intrinsic
def no_lanes(typing_context):
    """A mask with no lane set."""
    return masks(), lambda context, builder, signature, arguments: context.get_constant_null(masks)


@intrinsic
def lane_of(typing_context, value, lane):
    """The number in one lane."""
    if not isinstance(value, LanesType) or not isinstance(lane, types.Integer):
        return None
    return value.element(value, lane), lambda context, builder, signature, arguments: builder.extract_element(
        *arguments
    )


@intrinsic
def with_lane(typing_context, value, lane, number):
    """Lanes with another number in one of them."""
    if not isinstance(value, LanesType) or not isinstance(lane, types.Integer) or number != value.element:
        return None

    def generate(context, builder, signature, arguments):
        return builder.insert_element(arguments[0], arguments[2], arguments[1])

    return value(value, lane, number), generate


@intrinsic
def lane_numbers(typing_context):
    """0 in the first lane, 1 in the second, and so on."""

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(singles), [float(lane) for lane in range(LANES)])

    return singles(), generate


@elementwise
def minimum(a, b):
    """b2Min: ``b`` unless ``a`` is smaller."""
    return select(a < b, a, b)


@elementwise
def maximum(a, b):
    """b2Max: ``b`` unless ``a`` is larger."""
    return select(a > b, a, b)


@elementwise
def clamp(value, low, high):
    """b2Clamp."""
    return maximum(low, minimum(value, high))


@elementwise
def magnitude(a):
    """b2Abs."""
    return select(a > f32(0), a, -a)
