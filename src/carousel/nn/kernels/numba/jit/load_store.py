"""Between memory and registers: whole registers, the first numbers of one, rows of the caller's, past the caches.

Internal arrays have rows of whole registers. The caller's rows end where they end, so their last register is read and
written in part.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic, register_jitable

from carousel.nn.kernels.numba.jit.simd import Vec, call, pointer, splat


@intrinsic
def load(typing: Any, array: Any, offset: Any) -> Any:
    """load(array, offset): the register that starts at element `offset` of a flat array."""
    vec = Vec(array.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(
            pointer(context, builder, sig.args[0], args[0], args[1], vec.llvm), align=vec.dtype.bitwidth // 8
        )

    return signature(vec, array, types.intp), generate


@intrinsic
def fetch(typing: Any, array: Any, offset: Any) -> Any:
    """fetch(array, offset): have the cache line of that element brought near. It may lie outside the array: nothing is
    read, and no fault follows."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        where = pointer(context, builder, sig.args[0], args[0], args[1], ir.IntType(8))
        call(builder, "llvm.prefetch.p0", ir.VoidType(), where, *(ir.Constant(ir.IntType(32), k) for k in (0, 3, 1)))
        return context.get_dummy_value()

    return signature(types.none, array, types.intp), generate


@intrinsic
def store(typing: Any, array: Any, offset: Any, value: Any) -> Any:
    """store(array, offset, value)."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        where = pointer(context, builder, sig.args[0], args[0], args[1], sig.args[2].llvm)
        builder.store(args[2], where, align=sig.args[2].dtype.bitwidth // 8)
        return context.get_dummy_value()

    return signature(types.none, array, types.intp, value), generate


@intrinsic
def stream(typing: Any, array: Any, offset: Any, value: Any) -> Any:
    """As `store`, past the caches: for what nothing will read soon. The address must be one of whole registers.

    Such stores are not ordered among themselves; the locks by which Python's threads hand over their results are
    barriers to them.
    """

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vec = sig.args[2]
        where = pointer(context, builder, sig.args[0], args[0], args[1], vec.llvm)
        written = builder.store(args[2], where, align=vec.lanes * vec.dtype.bitwidth // 8)
        written.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))
        return context.get_dummy_value()

    return signature(types.none, array, types.intp, value), generate


def _mask(builder: Any, vec: Vec, count: Any) -> Any:
    """The first `count` lanes."""
    wide, narrow = vec.llvm_integers, ir.IntType(vec.dtype.bitwidth)  # one register compares them all
    limit = count if narrow.width == 64 else builder.trunc(count, narrow)
    return builder.icmp_signed("<", ir.Constant(wide, list(range(vec.lanes))), splat(builder, vec, limit))


@intrinsic
def load_first(typing: Any, array: Any, offset: Any, count: Any) -> Any:
    """load_first(array, offset, count): as `load`, but only the first `count` lanes are read; the others are 0."""
    vec = Vec(array.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        where = pointer(context, builder, sig.args[0], args[0], args[1], vec.llvm)
        align = ir.Constant(ir.IntType(32), vec.dtype.bitwidth // 8)
        zero = ir.Constant(vec.llvm, [0.0] * vec.lanes)
        name = f"llvm.masked.load.{vec.suffix}.p0"
        return call(builder, name, vec.llvm, where, align, _mask(builder, vec, args[2]), zero)

    return signature(vec, array, types.intp, types.intp), generate


@intrinsic
def store_first(typing: Any, array: Any, offset: Any, value: Any, count: Any) -> Any:
    """store_first(array, offset, value, count): only the first `count` lanes are written."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vec = sig.args[2]
        where = pointer(context, builder, sig.args[0], args[0], args[1], vec.llvm)
        align = ir.Constant(ir.IntType(32), vec.dtype.bitwidth // 8)
        name = f"llvm.masked.store.{vec.suffix}.p0"
        call(builder, name, ir.VoidType(), args[2], where, align, _mask(builder, vec, args[3]))
        return context.get_dummy_value()

    return signature(types.none, array, types.intp, value, types.intp), generate


@register_jitable(inline="always")
def put(array, at, value, far):
    """To where only the backward pass will read it; far: more is kept than the caches hold."""
    if far:
        stream(array, at, value)
    else:
        store(array, at, value)


@register_jitable(inline="always")
def load_row(array, at, left, lanes):
    """A register of a row of the caller's, of which `left` numbers remain (none where it is negative); then zeros."""
    if left >= lanes:
        return load(array, at)
    return load_first(array, at, left)


@register_jitable(inline="always")
def store_row(array, at, value, left, lanes):
    """A register into a row of the caller's, of which `left` numbers remain."""
    if left >= lanes:
        store(array, at, value)
    else:
        store_first(array, at, value, left)


@register_jitable
def take_row(source, at, width, out, out_at, padded, lanes):
    """out[padded] = source[width], then zeros; all zeros where the caller's array is empty."""
    held = width if len(source) else 0
    for j in range(0, padded, lanes):
        store(out, out_at + j, load_row(source, at + j, held - j, lanes))


@register_jitable
def give_row(source, at, out, out_at, width, lanes):
    """out[width] = source[width], a row of the caller's."""
    for j in range(0, width, lanes):
        store_row(out, out_at + j, load(source, at + j), width - j, lanes)
