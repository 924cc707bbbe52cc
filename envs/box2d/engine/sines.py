"""sinf and cosf of glibc on x86-64, written out: Box2D turns angles into rotations by them.

The GNU C library has ARM's optimised routines: reduction by a multiple of pi/2 in float64, then a polynomial in
float64, rounded once to float32. Its variant for processors with FMA fuses the products and sums that are fused here.
An angle of 120 radians or more needs another reduction, by integers; lanes take it one by one.
"""

import numpy as np
from numba import types

from envs.box2d.engine.vectors import (
    LANES,
    any_lane,
    double_of_integer,
    fused_multiply_add,
    intrinsic,
    lane_of,
    magnitude,
    select,
    to_double,
    to_single,
    truncated,
    with_lane,
)
from wann.kernels.jit import elementwise, inner

f32, i32, i64, u32, u64 = np.float32, np.int32, np.int64, np.uint32, np.uint64

_TINY = f32(2.0**-12)  # below it, sin x is x
_FAST = f32(120)  # below it, a float64 can be reduced by one product
_INVERSE_HALF_PI = float.fromhex("0x1.45F306DC9C883p+23")  # 2^24 * 2 / pi
_HALF_PI = float.fromhex("0x1.921FB54442D18p0")
_SMALLEST_TURN = _HALF_PI * 2.0**-62
_COS = tuple(
    map(
        float.fromhex,
        ("0x1p0", "-0x1.ffffffd0c621cp-2", "0x1.55553e1068f19p-5", "-0x1.6c087e89a359dp-10", "0x1.99343027bf8c3p-16"),
    )
)
_SIN = tuple(map(float.fromhex, ("-0x1.555545995a603p-3", "0x1.1107605230bc4p-7", "-0x1.994eb3774cf24p-13")))


@elementwise
def sine_and_cosine(angle):
    """sinf and cosf of lanes."""
    x = to_double(angle)
    # The nearest number of quarter turns, rounded as glibc does.
    n = (truncated(x * _INVERSE_HALF_PI) + i32(0x800000)) >> i32(24)
    r = fused_multiply_add(double_of_integer(n), -_HALF_PI, x)
    y = r * r
    odd = (n & i32(1)) != i32(0)
    cube = y * r
    sine = fused_multiply_add(fused_multiply_add(y, _SIN[2], _SIN[1]), y * cube, fused_multiply_add(cube, _SIN[0], r))
    fourth = y * y
    cosine = fused_multiply_add(
        fused_multiply_add(y, _COS[4], _COS[3]),
        y * fourth,
        fused_multiply_add(fourth, _COS[2], fused_multiply_add(y, _COS[1], _COS[0])),
    )
    s, c = to_single(sine), to_single(cosine)
    sin, cos = select(odd, c, s), select(odd, s, c)
    sin = select((n & i32(2)) != i32(0), -sin, sin)
    cos = select(((n + i32(1)) & i32(2)) != i32(0), -cos, cos)
    size = magnitude(angle)
    sin = select(size < _TINY, angle, sin)
    if any_lane(size >= _FAST):
        sin, cos = _of_large_angles(angle, sin, cos)
    return sin, cos


@inner
def _of_large_angles(angle, sin, cos):
    """Sines and cosines with those of large angles put right."""
    for lane in range(LANES):
        if np.abs(lane_of(angle, lane)) >= _FAST:
            s, c = scalar_sine_and_cosine(lane_of(angle, lane))
            sin, cos = with_lane(sin, lane, s), with_lane(cos, lane, c)
    return sin, cos


@intrinsic
def _fused(typing_context, a, b, c):
    """a * b + c of float64, rounded once."""
    if any(argument != types.float64 for argument in (a, b, c)):
        return None
    return types.float64(types.float64, types.float64, types.float64), (
        lambda context, builder, signature, arguments: builder.fma(*arguments)
    )


@inner
def scalar_sine_and_cosine(angle):
    """sinf and cosf of one float32 of any finite size."""
    magnitude_bits = np.float32(angle).view(np.uint32) & u32(0x7FFFFFFF)
    if magnitude_bits < u32(0x42F00000):  # 120
        x = np.float64(angle)
        n = (np.int32(x * _INVERSE_HALF_PI) + i32(0x800000)) >> i32(24)
        r = _fused(np.float64(n), -_HALF_PI, x)
    else:
        n, r = _reduced(np.float32(angle).view(np.uint32))
    y = r * r
    cube = y * r
    sine = f32(_fused(_fused(y, _SIN[2], _SIN[1]), y * cube, _fused(cube, _SIN[0], r)))
    fourth = y * y
    cosine = f32(_fused(_fused(y, _COS[4], _COS[3]), y * fourth, _fused(fourth, _COS[2], _fused(y, _COS[1], _COS[0]))))
    sin, cos = (cosine, sine) if n & 1 else (sine, cosine)
    if n & 2:
        sin = -sin
    if (n + 1) & 2:
        cos = -cos
    if magnitude_bits < u32(0x39800000):
        sin = f32(angle)
    return sin, cos


# 4 / pi in binary: the 32 bits that begin at each eighth bit.
_DIGITS_OF_INVERSE = "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041"
_INVERSE_QUARTER_PI = np.array(
    [int(("000000" + _DIGITS_OF_INVERSE)[2 * i : 2 * i + 8], 16) for i in range(24)], np.uint32
)


@inner
def _reduced(bits):
    """Quarter turns and the rest, in radians, of a float32 of at least 120, by integers of 64 bits."""
    first = np.int64((bits >> u32(26)) & u32(15))
    mantissa = u64(((bits & u32(0x7FFFFF)) | u32(0x800000)) << ((bits >> u32(23)) & u32(7)))
    low = u64(u64(mantissa * u64(_INVERSE_QUARTER_PI[first])) & u64(0xFFFFFFFF)) << u64(32)
    high = mantissa * u64(_INVERSE_QUARTER_PI[first + 8])
    product = (mantissa * u64(_INVERSE_QUARTER_PI[first + 4])) + ((high >> u64(32)) | low)
    turns = (product + u64(1 << 61)) >> u64(62)
    rest = np.float64(np.int64(product - (turns << u64(62)))) * _SMALLEST_TURN
    if bits >> u32(31):
        return np.int32(-np.int64(turns)), -rest
    return np.int32(turns), rest
