"""sigma, tanh and max(0, .) over whole registers, correct to about two units in the last place; NaN stays NaN.

e^x = 2^n (1 + p), with n = round(x / ln 2), r = x - n ln 2 and p = e^r - 1 = r + r^2 q(r) on |r| <= ln 2 / 2. q is the
Chebyshev fit of (e^r - 1 - r) / r^2, computed here to 60 digits (largest error of e^r: 8e-9 for float32, 1.3e-17
for float64). tanh goes through e^2x - 1 without cancellation, so that small values keep their relative precision.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic, register_jitable

from carousel.nn.kernels.numba.jit.simd import REGISTER_BYTES, Vec, call

# fmt: off
_Q = {
    32: (0.00139261835877134945, 0.00836317905272257737, 0.0416665546172045742, 0.166665769896987757, 0.5),
    64: (2.51003854955103191e-8, 2.76200884454097482e-7, 2.75572684599970648e-6, 0.0000248015212959543751,
         0.000198412698630536169, 0.00138888889172137169, 0.00833333333333006183, 0.0416666666666241279,
         0.166666666666666675, 0.500000000000000102),
}
# fmt: on
_MAGIC = {32: 1.5 * 2**23, 64: 1.5 * 2**52}  # added, it leaves the nearest whole number in the lowest bits
_MANTISSA, _BIAS = {32: 23, 64: 52}, {32: 127, 64: 1023}
# ln 2 in two parts, the first with so few digits that n times it is exact.
_LN2 = {32: (0.693359375, -2.12194440054690583e-4), 64: (6.93145751953125e-1, 1.42860682030941723212e-6)}
_LIMIT = {32: 87.0, 64: 708.0}  # beyond it 2^n or its reciprocal would leave the normal numbers
_HAS_RCP14 = REGISTER_BYTES == 64 and bool(llvmlite.binding.get_host_cpu_features().get("avx512f"))


def _all(vec: Vec, value: float) -> Any:
    return ir.Constant(vec.llvm, [value] * vec.lanes)


def _fma(builder: Any, vec: Vec, a: Any, b: Any, c: Any) -> Any:
    return call(builder, f"llvm.fma.{vec.suffix}", vec.llvm, a, b, c)


@intrinsic
def _exponential(typing: Any, x: Any) -> Any:
    """(p, s) with e^x = s (1 + p), s a power of two. |x| must not exceed the limit of the type."""
    bits = x.dtype.bitwidth

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        (value,) = args
        shifted = _fma(builder, x, value, _all(x, 1.4426950408889634074), _all(x, _MAGIC[bits]))
        n = builder.fsub(shifted, _all(x, _MAGIC[bits]))
        r = _fma(builder, x, n, _all(x, -_LN2[bits][0]), value)
        r = _fma(builder, x, n, _all(x, -_LN2[bits][1]), r)
        q = _all(x, _Q[bits][0])
        for coefficient in _Q[bits][1:]:
            q = _fma(builder, x, q, r, _all(x, coefficient))
        p = _fma(builder, x, builder.fmul(r, r), q, r)
        integers = x.llvm_integers
        exponent = builder.shl(builder.bitcast(shifted, integers), ir.Constant(integers, [_MANTISSA[bits]] * x.lanes))
        one = ir.Constant(integers, [_BIAS[bits] << _MANTISSA[bits]] * x.lanes)
        s = builder.bitcast(builder.add(exponent, one), x.llvm)
        return context.make_tuple(builder, sig.return_type, (p, s))

    return signature(types.UniTuple(x, 2), x), generate


@intrinsic
def reciprocal(typing: Any, v: Any) -> Any:
    """1 / v. With AVX-512, float32: the 14-bit estimate and one step of Newton's method."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        (value,) = args
        one = _all(v, 1.0)
        if not (_HAS_RCP14 and v.dtype.bitwidth == 32):
            return builder.fdiv(one, value)
        every = ir.Constant(ir.IntType(16), 0xFFFF)
        y = call(builder, "llvm.x86.avx512.rcp14.ps.512", v.llvm, value, _all(v, 0.0), every)
        error = _fma(builder, v, builder.fneg(value), y, one)
        return _fma(builder, v, y, error, y)

    return signature(v, v), generate


@intrinsic
def square_root(typing: Any, v: Any) -> Any:
    """Correctly rounded."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return call(builder, f"llvm.sqrt.{v.suffix}", v.llvm, args[0])

    return signature(v, v), generate


@intrinsic
def quotient(typing: Any, v: Any, by: Any) -> Any:
    """v / by, correctly rounded."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.fdiv(*args)

    return signature(v, v, by), generate


@intrinsic(prefer_literal=True)
def at_least(typing: Any, v: Any, limit: Any) -> Any:
    """max(v, limit), a number known beforehand; NaN stays NaN."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bound = _all(v, float(limit.literal_value))
        return builder.select(builder.fcmp_ordered("<", args[0], bound), bound, args[0])

    return signature(v, v, limit), generate


@intrinsic
def _limited(typing: Any, v: Any) -> Any:
    """v within the limits of its type; NaN stays NaN."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        low, high = _all(v, -_LIMIT[v.dtype.bitwidth]), _all(v, _LIMIT[v.dtype.bitwidth])
        value = builder.select(builder.fcmp_ordered("<", args[0], low), low, args[0])
        return builder.select(builder.fcmp_ordered(">", value, high), high, value)

    return signature(v, v), generate


@intrinsic
def positive(typing: Any, v: Any, value: Any) -> Any:
    """value where v > 0, else 0: the derivative of max(0, .) at v, times value."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        zero = _all(v, 0.0)
        return builder.select(builder.fcmp_ordered(">", args[0], zero), args[1], zero)

    return signature(v, v, value), generate


@register_jitable
def sigmoid(x):
    """1 / (1 + e^-x)."""
    p, s = _exponential(_limited(0.0 - x))
    return reciprocal(s * p + s + 1.0)


@register_jitable
def tanh(x):
    """(e^2x - 1) / (e^2x + 1)."""
    p, s = _exponential(_limited(x + x))
    minus_one = s * p + (s - 1.0)
    return minus_one * reciprocal(minus_one + 2.0)
