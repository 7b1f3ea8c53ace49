"""All that compiled code is told of a pass: a record of whole numbers for each network, sizes and addresses of arrays.

A call from Python with fifty arrays costs as much as a hundred steps of a small network; with one record, nothing.
Who calls keeps the arrays alive until the call returns.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

#: Sizes as in `arrays.Sizes` and `specification.Specification`; total: N. Everything else is the address of an array,
#: 0 where there is none (`views.py` says their shapes).
_SIZES = """code blocks x_blocks h_first hidden padded lanes width after batch steps total slices most shared normed
    inputs columns chunk far each_forward each_backward each_sum x_wanted weights_wanted"""
_LAYOUT = "start order bounds x_order h_order"
_GIVEN = "x h0 c0 weight_ih weight_hh bias_ih bias_hh norm_hh norm_c norm_c_bias fresh dropout"
_KEPT = "v v_scale m m_scale a hp c out final_h final_c"
_SCRATCH = "w_x w_b w_h w_dx bias drop gain gain_m bias_m zeros scratch places sums"
_DERIVATIVES = "g gh gc dh dc dx dh0 dc0 d_weight_ih d_weight_hh d_bias_ih d_bias_hh d_norm_hh d_norm_c d_norm_c_bias"

FIELDS = tuple(" ".join((_SIZES, _LAYOUT, _GIVEN, _KEPT, _SCRATCH, _DERIVATIVES)).split())
_NOTHING, _in_order = dict.fromkeys(FIELDS, 0), itemgetter(*FIELDS)
_RECORD = np.dtype([(name, np.int64) for name in FIELDS])


def records(numbers: dict[str, int], strides: dict[str, int], networks: int) -> np.ndarray:
    """[P]: one record a network; 0 where a field is not named. strides: what a field grows by from one network to the
    next, where they do not share it."""
    first = np.array(_in_order(_NOTHING | numbers), np.int64)
    if networks == 1:
        return first.view(_RECORD)
    stride = np.array(_in_order(_NOTHING | strides), np.int64)
    return (first + np.arange(networks)[:, None] * stride).view(_RECORD).ravel()


def _array_type(dtype: Any) -> types.Array:
    return types.Array(dtype, 1, "C")


def _build(context: Any, builder: Any, kind: types.Array, address: Any, count: Any) -> Any:
    array = context.make_array(kind)(context, builder)
    size = ir.Constant(ir.IntType(64), context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    empty = builder.icmp_signed("==", address, ir.Constant(ir.IntType(64), 0))
    held = builder.select(empty, ir.Constant(ir.IntType(64), 0), count)
    data = builder.inttoptr(address, array.data.type)
    populate_array(array, data=data, shape=[held], strides=[size], itemsize=size, meminfo=None)
    return array._getvalue()


@intrinsic
def reals(typing: Any, like: Any, address: Any, count: Any) -> Any:
    """[count] of the same type as `like`, at that address; empty where it is 0."""
    kind = _array_type(like.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _build(context, builder, kind, *args[1:])

    return signature(kind, like, types.int64, types.int64), generate


def _at_address(dtype: Any) -> Any:
    """[count] of that type at an address; empty where it is 0."""
    kind = _array_type(dtype)

    @intrinsic
    def view(typing: Any, address: Any, count: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return _build(context, builder, kind, *args)

        return signature(kind, types.int64, types.int64), generate

    return view


integers, flags = _at_address(types.int64), _at_address(types.boolean)
