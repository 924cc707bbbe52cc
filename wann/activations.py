"""The activation functions: one object each, which every backend, export and picture reads.

Formulas and codes of the ten follow Gaier & Ha 2019 (arXiv 1906.04358) and their research code. The NumPy function is
the oracle; tests compare all other forms in this registry with it. Only NumPy is imported here: a backend passes its
own module to the object and gets its function back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Elementwise = Callable[[NDArray], NDArray]

# Threshold of the step in every backend, so that rounding noise of cancelling terms does not open it.
STEP_THRESHOLD = 1e-6
# Arguments of sin and cos are limited to this range, in which float32 still resolves half a period.
PERIODIC_LIMIT = 2.0**22


@dataclass(frozen=True)
class Picture:
    """The curve of an activation as a small drawing."""

    # Activations of similar shape share a colour.
    family: Literal["straight", "bent", "bump", "step", "wave"]
    low: float  # the range of values shown
    high: float
    reach: float = 2.4  # arguments from -reach to reach
    points: int = 25
    path: str = ""  # SVG path instead of the curve


@dataclass(frozen=True)
class Activation:
    """One activation function.

    Compiled kernels compute in float32. Their functions consist of comparisons, arithmetic and the functions of
    `wann.kernels.maths`, so that they vectorise and have the same bits on every machine.
    """

    name: str  # in files and configs
    code: int  # in programs and genomes; never renumbered
    formula: str  # for people
    function: Elementwise  # NumPy; keeps the float type of its argument
    # (wann.kernels.maths) -> f(x, fused); see there for ``fused``.
    kernel: Callable[[Any], Callable]
    # (wann.kernels.maths) -> f(weight, x, y, fused): weight times the derivative at x; y is the value at x.
    kernel_slope: Callable[[Any], Callable]
    torch: Callable[[Any, Any], Any]  # (the module torch, x)
    torch_slope: Callable[[Any, Any, Any], Any]  # (the module torch, x, y): the derivative at x; y is the value at x
    torch_text: str  # Python expression in x; `periodic` reduces x to one period, [-1, 1], of sin(pi x)
    # Operators and their inputs. "x" is the argument, "" the result of the previous operator, and other inputs are
    # constants of `inspection.exports.onnx_graph`.
    onnx: tuple[tuple[str, ...], ...]
    sympy: str  # expression in {x}, which is a product, or a sum that needs brackets
    javascript: str  # expression in x, with `periodic` as above
    text: str  # in formulas for people: {x} is the argument, [x] is the argument in brackets if it is a sum
    picture: Picture
    # Combination of a node's weighted sources w * x into the argument: their sum, their running total since the start
    # of the episode, or their product. Only sums are computed by backends without state (`wann.network.is_plain`).
    gathers: Literal["sum", "total", "product"] = "sum"
    # f(-x) = -f(x), or f(-x) = f(x), to the last bit of the compiled kernel.
    symmetry: Literal["odd", "even"] | None = None


def _periodic(x: NDArray) -> NDArray:
    """Reduce ``x`` to one period, [-1, 1], of sin(pi x). It is exact in floating point."""
    x = np.clip(x, -PERIODIC_LIMIT, PERIODIC_LIMIT)
    return x - 2 * np.rint(x / 2)


def _torch_periodic(torch: Any, x: Any) -> Any:
    x = x.clamp(-PERIODIC_LIMIT, PERIODIC_LIMIT)
    return x - 2 * torch.round(x / 2)


def _linear(maths: Any) -> Callable:
    return lambda x, fused: x


def _linear_slope(maths: Any) -> Callable:
    return lambda weight, x, y, fused: weight


def _step(maths: Any) -> Callable:
    f32, threshold = maths.f32, maths.f32(STEP_THRESHOLD)
    return lambda x, fused: f32(1) if x > threshold else f32(0)


def _step_slope(maths: Any) -> Callable:
    f32 = maths.f32
    return lambda weight, x, y, fused: f32(0)


def _sin_slope(maths: Any) -> Callable:
    pi, cos_pi = maths.f32(np.pi), maths.cos_pi
    return lambda weight, x, y, fused: weight * pi * cos_pi(x, fused)


def _cos_slope(maths: Any) -> Callable:
    pi, sin_pi = maths.f32(np.pi), maths.sin_pi
    return lambda weight, x, y, fused: -weight * pi * sin_pi(x, fused)


def _gaussian_slope(maths: Any) -> Callable:
    return lambda weight, x, y, fused: -weight * x * y


def _tanh_slope(maths: Any) -> Callable:
    f32 = maths.f32
    return lambda weight, x, y, fused: weight * (f32(1) - y * y)


def _sigmoid(maths: Any) -> Callable:
    f32, tanh = maths.f32, maths.tanh
    return lambda x, fused: (tanh(x * f32(0.5), fused) + f32(1)) * f32(0.5)


def _sigmoid_slope(maths: Any) -> Callable:
    f32 = maths.f32
    return lambda weight, x, y, fused: weight * y * (f32(1) - y)


def _inverse(maths: Any) -> Callable:
    return lambda x, fused: -x


def _inverse_slope(maths: Any) -> Callable:
    return lambda weight, x, y, fused: -weight


def _abs(maths: Any) -> Callable:
    return lambda x, fused: abs(x)


def _abs_slope(maths: Any) -> Callable:
    f32 = maths.f32
    return lambda weight, x, y, fused: weight if x > f32(0) else (-weight if x < f32(0) else f32(0))


def _relu(maths: Any) -> Callable:
    f32 = maths.f32
    return lambda x, fused: max(f32(0), x)


def _relu_slope(maths: Any) -> Callable:
    f32 = maths.f32
    return lambda weight, x, y, fused: weight if x > f32(0) else f32(0)


_ONNX_PERIODIC = (
    ("Clip", "x", "-limit", "limit"),
    ("Mul", "", "half"),
    ("Round", ""),
    ("Mul", "", "two"),
    ("Sub", "clipped", ""),
    ("Mul", "", "pi"),
)

LINEAR = Activation(
    name="linear",
    code=1,
    formula="x",
    function=lambda x: x,
    kernel=_linear,
    kernel_slope=_linear_slope,
    torch=lambda torch, x: x,
    torch_slope=lambda torch, x, y: torch.ones_like(x),
    torch_text="x",
    onnx=(),
    sympy="{x}",
    javascript="x",
    text="{x}",
    picture=Picture("straight", -2.4, 2.4),
    symmetry="odd",
)
# The slope is 0, so gradients do not pass.
STEP = Activation(
    name="step",
    code=2,
    formula="1 if x > 0 else 0",
    function=lambda x: (x > STEP_THRESHOLD).astype(x.dtype),
    kernel=_step,
    kernel_slope=_step_slope,
    torch=lambda torch, x: (x > STEP_THRESHOLD).to(x.dtype),
    torch_slope=lambda torch, x, y: torch.zeros_like(x),
    torch_text=f"(x > {STEP_THRESHOLD!r}).to(x.dtype)",
    onnx=(("Greater", "x", "threshold"), ("Cast", "")),
    sympy=f"Piecewise((1, {{x}} > {STEP_THRESHOLD:f}), (0, True))",
    javascript=f"x > {STEP_THRESHOLD!r} ? 1 : 0",
    text="step({x})",
    picture=Picture("step", 0, 1, path="M-8 4.5H0V-4.5H8"),
)
SIN = Activation(
    name="sin",
    code=3,
    formula="sin(pi*x)",
    function=lambda x: np.sin(np.pi * _periodic(x)),
    kernel=lambda maths: maths.sin_pi,
    kernel_slope=_sin_slope,
    torch=lambda torch, x: torch.sin(torch.pi * _torch_periodic(torch, x)),
    torch_slope=lambda torch, x, y: torch.pi * torch.cos(torch.pi * _torch_periodic(torch, x)),
    torch_text="torch.sin(torch.pi * periodic(x))",
    onnx=(*_ONNX_PERIODIC, ("Sin", "")),
    sympy="sin(pi*({x}))",
    javascript="Math.sin(Math.PI * periodic(x))",
    text="sin(\u03c0\u00b7[x])",
    picture=Picture("wave", -1, 1, reach=1, points=33),
    symmetry="odd",
)
GAUSSIAN = Activation(
    name="gaussian",
    code=4,
    formula="exp(-x**2/2)",
    function=lambda x: np.exp(-(x * x) / 2),
    kernel=lambda maths: maths.gaussian,
    kernel_slope=_gaussian_slope,
    torch=lambda torch, x: torch.exp(-(x * x) / 2),
    torch_slope=lambda torch, x, y: -x * y,
    torch_text="torch.exp(-(x * x) / 2)",
    onnx=(("Mul", "x", "x"), ("Mul", "", "-half"), ("Exp", "")),
    sympy="exp(-({x})**2/2)",
    javascript="Math.exp(-(x * x) / 2)",
    text="gaussian({x})",
    picture=Picture("bump", 0, 1, reach=2, points=33),
    symmetry="even",
)
TANH = Activation(
    name="tanh",
    code=5,
    formula="tanh(x)",
    function=np.tanh,
    kernel=lambda maths: maths.tanh,
    kernel_slope=_tanh_slope,
    torch=lambda torch, x: torch.tanh(x),
    torch_slope=lambda torch, x, y: 1 - y * y,
    torch_text="torch.tanh(x)",
    onnx=(("Tanh", "x"),),
    sympy="tanh({x})",
    javascript="Math.tanh(x)",
    text="tanh({x})",
    picture=Picture("step", -1, 1),
    symmetry="odd",
)
SIGMOID = Activation(
    name="sigmoid",
    code=6,
    formula="(tanh(x/2) + 1)/2",
    function=lambda x: (np.tanh(x / 2) + 1) / 2,
    kernel=_sigmoid,
    kernel_slope=_sigmoid_slope,
    torch=lambda torch, x: (torch.tanh(x / 2) + 1) / 2,
    torch_slope=lambda torch, x, y: y * (1 - y),
    torch_text="(torch.tanh(x / 2) + 1) / 2",
    onnx=(("Sigmoid", "x"),),
    sympy="(tanh(({x})/2) + 1)/2",
    javascript="(Math.tanh(x / 2) + 1) / 2",
    text="sigmoid({x})",
    picture=Picture("step", 0, 1),
)
INVERSE = Activation(
    name="inverse",
    code=7,
    formula="-x",
    function=lambda x: -x,
    kernel=_inverse,
    kernel_slope=_inverse_slope,
    torch=lambda torch, x: -x,
    torch_slope=lambda torch, x, y: -torch.ones_like(x),
    torch_text="-x",
    onnx=(("Neg", "x"),),
    sympy="-({x})",
    javascript="-x",
    text="\u2212[x]",
    picture=Picture("straight", -2.4, 2.4),
    symmetry="odd",
)
ABS = Activation(
    name="abs",
    code=8,
    formula="abs(x)",
    function=np.abs,
    kernel=_abs,
    kernel_slope=_abs_slope,
    torch=lambda torch, x: torch.abs(x),
    torch_slope=lambda torch, x, y: torch.sign(x),
    torch_text="torch.abs(x)",
    onnx=(("Abs", "x"),),
    sympy="Abs({x})",
    javascript="Math.abs(x)",
    text="|{x}|",
    picture=Picture("bent", 0, 2.4),
    symmetry="even",
)
RELU = Activation(
    name="relu",
    code=9,
    formula="max(0, x)",
    function=lambda x: np.maximum(x, 0),
    kernel=_relu,
    kernel_slope=_relu_slope,
    torch=lambda torch, x: torch.relu(x),
    torch_slope=lambda torch, x, y: (x > 0).to(x.dtype),
    torch_text="torch.relu(x)",
    onnx=(("Relu", "x"),),
    sympy="Max(0, {x})",
    javascript="Math.max(x, 0)",
    text="max(0, {x})",
    picture=Picture("bent", 0, 2.4),
)
COS = Activation(
    name="cos",
    code=10,
    formula="cos(pi*x)",
    function=lambda x: np.cos(np.pi * _periodic(x)),
    kernel=lambda maths: maths.cos_pi,
    kernel_slope=_cos_slope,
    torch=lambda torch, x: torch.cos(torch.pi * _torch_periodic(torch, x)),
    torch_slope=lambda torch, x, y: -torch.pi * torch.sin(torch.pi * _torch_periodic(torch, x)),
    torch_text="torch.cos(torch.pi * periodic(x))",
    onnx=(*_ONNX_PERIODIC, ("Cos", "")),
    sympy="cos(pi*({x}))",
    javascript="Math.cos(Math.PI * periodic(x))",
    text="cos(\u03c0\u00b7[x])",
    picture=Picture("wave", -1, 1, reach=2, points=33),
    symmetry="even",
)
# State of unit gain: at a shared weight, the value is the weight times the running *unweighted* total of the sources.
# The weight scales what is read, not what is kept, so the state lies outside the shared weight.
ACCUMULATE = replace(
    LINEAR,
    name="accumulate",
    code=11,
    formula="x summed over the steps of an episode",
    text="\u03a3\u2009[x]",
    gathers="total",
    symmetry=None,
    picture=Picture("straight", 0, 1, path="M-8 4.5H-4V1.5H0V-1.5H4V-4.5H8"),
)
# Of no sources the product is 0, as every node without sources is.
PRODUCT = replace(
    LINEAR,
    name="product",
    code=12,
    formula="product of the sources times their weights",
    text="\u03a0\u2009[x]",
    gathers="product",
    symmetry=None,
    picture=Picture("straight", -1, 1, path="M-5 -5L5 5M-5 5L5 -5"),
)

_ENTRIES = (LINEAR, STEP, SIN, GAUSSIAN, TANH, SIGMOID, INVERSE, ABS, RELU, COS, ACCUMULATE, PRODUCT)
PUBLISHED_ACTIVATIONS = tuple(entry.name for entry in _ENTRIES[:10])
ACTIVATIONS: dict[str, Activation] = {entry.name: entry for entry in _ENTRIES}
ACTIVATION_OF_CODE: dict[int, Activation] = {entry.code: entry for entry in _ENTRIES}
# Activations of nodes that sum their sources. Every backend computes them.
ELEMENTWISE: dict[str, Activation] = {entry.name: entry for entry in _ENTRIES if entry.gathers == "sum"}
# By code: True if a node with it sums its sources; and if it carries a total from step to step.
SUMMING: NDArray[np.bool_] = np.ones(1 + max(ACTIVATION_OF_CODE), bool)
STATEFUL: NDArray[np.bool_] = np.zeros(len(SUMMING), bool)
for _code, _entry in ACTIVATION_OF_CODE.items():
    SUMMING[_code], STATEFUL[_code] = _entry.gathers == "sum", _entry.gathers == "total"
