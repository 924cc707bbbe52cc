"""Elementary functions in float32 as explicit polynomials, which vectorise and have the same bits on every machine.

Calls into a maths library do neither. Every function agrees with `wann.activations` to a few units in the last place.

``fused`` tells whether a product and a sum are rounded once (fused multiply-add) or twice. Once is faster. Twice is the
setting that control tasks were evolved with, and a search must repeat to the last bit. Callers pass a constant, so the
branch is compiled away.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from wann.activations import PERIODIC_LIMIT
from wann.kernels.jit import elementwise

f32 = np.float32
_PERIODIC_LIMIT = f32(PERIODIC_LIMIT)
# Adding and subtracting 1.5 * 2^23 rounds a float32 of magnitude below 2^22 to the nearest integer.
_ROUND = f32(12582912.0)


@intrinsic
def _fused_multiply_add(typing_context, a, b, c):
    """a * b + c, rounded once."""
    if any(argument != types.float32 for argument in (a, b, c)):
        return None

    def generate(context, builder, signature, arguments):
        return builder.fma(*arguments)

    return types.float32(types.float32, types.float32, types.float32), generate


@intrinsic
def _maxnum(typing_context, a, b):
    """LLVM's operation ``maxnum``."""
    if any(argument != types.float32 for argument in (a, b)):
        return None

    def generate(context, builder, signature, arguments):
        number = ir.FloatType()
        maxnum = builder.module.declare_intrinsic("llvm.maxnum", [number], ir.FunctionType(number, [number, number]))
        return builder.call(maxnum, arguments)

    return types.float32(types.float32, types.float32), generate


@elementwise
def larger(a, b):
    """The larger of two numbers, or the other one if one is NaN. For use in ``x[l] = larger(x[l], y[l])``.

    LLVM would turn a comparison there into a conditional store. AVX2's masked stores cost AMD's processors tens of
    cycles.
    """
    return _maxnum(a, b)  # type: ignore[call-arg]


@elementwise
def multiply_add(a, b, c, fused):
    return _fused_multiply_add(a, b, c) if fused else a * b + c  # type: ignore[call-arg]


@elementwise
def round_nearest(x):
    return (x + _ROUND) - _ROUND


@elementwise
def _half_turns(x):
    """Split x = k + r with k the nearest integer; return r and the sign bit of (-1)^k."""
    x = min(max(x, -_PERIODIC_LIMIT), _PERIODIC_LIMIT)
    shifted = np.float32(x + _ROUND)
    return x - (shifted - _ROUND), shifted.view(np.int32) << np.int32(31)


@elementwise
def _with_sign(x, sign):
    """x, or -x where the sign bit is set."""
    value = np.float32(x)
    return np.int32(value.view(np.int32) ^ sign).view(np.float32)


@elementwise
def sin_pi(x, fused):
    """sin(pi x)."""
    r, sign = _half_turns(x)
    y = r * r
    p = f32(0.0821458866111282)
    p = multiply_add(p, y, f32(-0.5992645293207921), fused)
    p = multiply_add(p, y, f32(2.550164039877345), fused)
    p = multiply_add(p, y, f32(-5.16771278004997), fused)
    p = multiply_add(p, y, f32(3.141592653589793), fused)
    return _with_sign(r * p, sign)


@elementwise
def cos_pi(x, fused):
    """cos(pi x)."""
    r, sign = _half_turns(x)
    y = r * r
    p = f32(-0.02580689139001406)
    p = multiply_add(p, y, f32(0.23533063035889312), fused)
    p = multiply_add(p, y, f32(-1.3352627688545893), fused)
    p = multiply_add(p, y, f32(4.058712126416768), fused)
    p = multiply_add(p, y, f32(-4.934802200544679), fused)
    p = multiply_add(p, y, f32(1), fused)
    return _with_sign(p, sign)


@elementwise
def exp(x):
    """Cephes expf: 2^n times a polynomial; 0 below e^-30.

    Without the cut-off, tails of gaussians would spread through networks as numbers whose squares are subnormal. Those
    cost a hundred times the cycles of others: some evolved networks ran at a fifth of their speed.
    """
    vanishes = x < f32(-30)
    x = min(max(x, f32(-30)), f32(88))
    n = round_nearest(x * f32(1.44269504))
    r = x - n * f32(0.693359375) - n * f32(-2.12194440e-4)
    p = f32(1.9875691500e-4)
    p = p * r + f32(1.3981999507e-3)
    p = p * r + f32(8.3334519073e-3)
    p = p * r + f32(4.1665795894e-2)
    p = p * r + f32(1.6666665459e-1)
    p = p * r + f32(5.0000001201e-1)
    p = p * (r * r) + r + f32(1)
    power = np.int32((np.int32(n) + np.int32(127)) << np.int32(23))
    return f32(0) if vanishes else p * power.view(np.float32)


@elementwise
def exp_of_negative(x):
    """exp of x <= 0, fused: 2^n times a minimax polynomial of 2^f; absolute error 3e-7, 0 below e^-30."""
    exponent = max(x * f32(1.44269504), f32(-44))
    shifted = np.float32(exponent + _ROUND)
    f = exponent - (shifted - _ROUND)
    p = f32(0.00132647)
    p = multiply_add(p, f, f32(0.00967151), True)
    p = multiply_add(p, f, f32(0.05550734), True)
    p = multiply_add(p, f, f32(0.24022242), True)
    p = multiply_add(p, f, f32(0.69314698), True)
    p = np.float32(multiply_add(p, f, f32(1), True))
    power = np.int32(p.view(np.int32) + (shifted.view(np.int32) << np.int32(23))).view(np.float32)
    return f32(0) if x < f32(-30) else power


@elementwise
def gaussian(x, fused):
    """exp(-x^2 / 2)."""
    return exp_of_negative(f32(-0.5) * (x * x)) if fused else exp(f32(-0.5) * (x * x))


@elementwise
def tanh(x, fused):
    """Eigen's rational minimax approximation, odd over even, saturated at +-7.905."""
    x = min(max(x, f32(-7.90531110763549805)), f32(7.90531110763549805))
    y = x * x
    p = f32(-2.76076847742355e-16)
    p = multiply_add(p, y, f32(2.00018790482477e-13), fused)
    p = multiply_add(p, y, f32(-8.60467152213735e-11), fused)
    p = multiply_add(p, y, f32(5.12229709037114e-08), fused)
    p = multiply_add(p, y, f32(1.48572235717979e-05), fused)
    p = multiply_add(p, y, f32(6.37261928875436e-04), fused)
    p = multiply_add(p, y, f32(4.89352455891786e-03), fused)
    q = f32(1.19825839466702e-06)
    q = multiply_add(q, y, f32(1.18534705686654e-04), fused)
    q = multiply_add(q, y, f32(2.26843463243900e-03), fused)
    q = multiply_add(q, y, f32(4.89352518554385e-03), fused)
    return x * p / q


@elementwise
def log(x):
    """Natural logarithm of a normal, positive x: Cephes logf."""
    bits = np.float32(x).view(np.int32)
    # The exponent for a mantissa in [sqrt(1/2), sqrt(2)).
    exponent = np.int32(np.int32(bits - np.int32(0x3F3504F3)) >> np.int32(23))
    m = np.int32(bits - (exponent << np.int32(23))).view(np.float32) - f32(1)
    n = f32(exponent)
    y = m * m
    p = f32(7.0376836292e-2)
    p = p * m + f32(-1.1514610310e-1)
    p = p * m + f32(1.1676998740e-1)
    p = p * m + f32(-1.2420140846e-1)
    p = p * m + f32(1.4249322787e-1)
    p = p * m + f32(-1.6668057665e-1)
    p = p * m + f32(2.0000714765e-1)
    p = p * m + f32(-2.4999993993e-1)
    p = p * m + f32(3.3333331174e-1)
    return m + (m * y * p + n * f32(-2.12194440e-4) - f32(0.5) * y) + n * f32(0.693359375)
