"""Register tiles: the two inner loops in which nearly all of the time of a recurrent network is spent.

Both keep R x V registers of sums while they run over the inner index, so that each number loaded from memory is used
R or V times. Every sum is a chain of fused multiply-adds in the order of that index: a result does not depend on R, and
so not on how many rows are worked on together or by how many threads.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from carousel.nn.kernels.numba.jit.simd import REGISTER_BYTES, Vec, call, pointer, splat

#: Rows of the largest tile: with 3 registers of sums each, 3 of operands and one to broadcast they fill the 32
#: registers of AVX-512 and NEON, or the 16 of AVX2.
ROWS = 8 if REGISTER_BYTES != 32 else 4


def _sum_of_products(builder: Any, vec: Vec, sums: list[list[Any]], multipliers: list[Any], rights: list[Any]) -> None:
    """sums[r][v] += multipliers[r] (a number) * rights[v] (a register)."""
    for row, multiplier in zip(sums, multipliers, strict=True):
        left = splat(builder, vec, multiplier)
        for slot, right in zip(row, rights, strict=True):
            name = f"llvm.fma.{vec.suffix}"
            builder.store(call(builder, name, vec.llvm, left, right, builder.load(slot)), slot)


def _load(builder: Any, vec: Vec, base: Any, offset: Any) -> Any:
    address = builder.bitcast(builder.gep(base, [offset]), vec.llvm.as_pointer())
    return builder.load(address, align=vec.dtype.bitwidth // 8)


def _store(builder: Any, vec: Vec, value: Any, base: Any, offset: Any) -> None:
    address = builder.bitcast(builder.gep(base, [offset]), vec.llvm.as_pointer())
    builder.store(value, address, align=vec.dtype.bitwidth // 8)


def _intp(value: int) -> Any:
    return ir.Constant(ir.IntType(64), value)


def _fetch_sums(builder: Any, vec: Vec, rows: int, width: int, base: Any, ld: Any) -> list[list[Any]]:
    """[rows][width] slots that LLVM keeps in registers, filled from memory."""
    sums = [[cgutils.alloca_once(builder, vec.llvm) for _ in range(width)] for _ in range(rows)]
    for r, row in enumerate(sums):
        for v, slot in enumerate(row):
            builder.store(_load(builder, vec, base, _at(builder, r, ld, v * vec.lanes)), slot)
    return sums


def _put_sums(builder: Any, vec: Vec, sums: list[list[Any]], base: Any, ld: Any) -> None:
    """Back to memory."""
    for r, row in enumerate(sums):
        for v, slot in enumerate(row):
            _store(builder, vec, builder.load(slot), base, _at(builder, r, ld, v * vec.lanes))


def _add_products(builder: Any, vec: Vec, sums: list[list[Any]], left: Any, ld: Any, depth: Any, packed: Any) -> Any:
    """sums += left[., depth] @ packed[depth, .]; where the packed rows end."""
    width = len(sums[0])
    starts = [builder.gep(left, [builder.mul(_intp(r), ld)]) for r in range(len(sums))]
    with cgutils.for_range(builder, depth, intp=ir.IntType(64)) as loop:
        row = builder.mul(loop.index, _intp(width * vec.lanes))
        rights = [_load(builder, vec, packed, builder.add(row, _intp(v * vec.lanes))) for v in range(width)]
        _sum_of_products(builder, vec, sums, [builder.load(builder.gep(p, [loop.index])) for p in starts], rights)
    return builder.gep(packed, [builder.mul(depth, _intp(width * vec.lanes))])


@intrinsic(prefer_literal=True)
def product_tile(
    typing: Any, rows: Any, width: Any, init: Any, init_at: Any, init_ld: Any, x: Any, x_at: Any, x_ld: Any,
    x_depth: Any, h: Any, h_at: Any, h_ld: Any, h_depth: Any, w: Any, w_at: Any, out: Any, out_at: Any, out_ld: Any,
) -> Any:  # fmt: skip
    """out[r, :] = init[r, :] + sum over k of x[r, k] w[k, :] + sum over k of h[r, k] w[x_depth + k, :].

    For `rows` rows and `width` registers of columns. `*_at`: where a flat array's part begins; `*_ld`: elements from
    one row to the next. w is packed: its rows are `width` registers long and follow each other.
    """
    r_count, v_count = rows.literal_value, width.literal_value
    vec = Vec(out.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        init_p, x_p, h_p, w_p, out_p = (
            pointer(context, builder, sig.args[k], args[k], args[k + 1]) for k in (2, 5, 9, 13, 15)
        )
        sums = _fetch_sums(builder, vec, r_count, v_count, init_p, args[4])
        w_p = _add_products(builder, vec, sums, x_p, args[7], args[8], w_p)
        _add_products(builder, vec, sums, h_p, args[11], args[12], w_p)
        _put_sums(builder, vec, sums, out_p, args[17])
        return context.get_dummy_value()

    i = types.intp
    return signature(types.none, rows, width, init, i, i, x, i, i, i, h, i, i, i, w, i, out, i, i), generate


@intrinsic(prefer_literal=True)
def outer_tile(
    typing: Any, rows: Any, width: Any, a: Any, a_at: Any, a_ld: Any, b: Any, b_at: Any, b_ld: Any, inner: Any,
    out: Any, out_at: Any, out_ld: Any,
) -> Any:  # fmt: skip
    """out[r, :] += sum over n of a[n, r] b[n, :] for `rows` rows and `width` registers of columns."""
    r_count, v_count = rows.literal_value, width.literal_value
    vec = Vec(out.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        a_p, b_p, out_p = (pointer(context, builder, sig.args[k], args[k], args[k + 1]) for k in (2, 5, 9))
        sums = _fetch_sums(builder, vec, r_count, v_count, out_p, args[11])
        with cgutils.for_range(builder, args[8], intp=ir.IntType(64)) as loop:
            a_row = builder.gep(a_p, [builder.mul(loop.index, args[4])])
            b_row = builder.gep(b_p, [builder.mul(loop.index, args[7])])
            rights = [_load(builder, vec, b_row, _intp(v * vec.lanes)) for v in range(v_count)]
            multipliers = [builder.load(builder.gep(a_row, [_intp(r)])) for r in range(r_count)]
            _sum_of_products(builder, vec, sums, multipliers, rights)
        _put_sums(builder, vec, sums, out_p, args[11])
        return context.get_dummy_value()

    i = types.intp
    return signature(types.none, rows, width, a, i, i, b, i, i, i, out, i, i), generate


def _at(builder: Any, row: int, ld: Any, column: int) -> Any:
    """row * ld + column"""
    return builder.add(builder.mul(_intp(row), ld), _intp(column))
