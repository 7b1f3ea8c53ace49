"""A vector register as a numba type: the equations of the cells are written over `Vec` and read as plain Python.

Left to itself, LLVM vectorises a loop over six arrays or not, with registers of half the width or not, depending on
what it can prove about their overlap. Here the width is stated. A `Vec` holds `lanes(dtype)` numbers; arithmetic
between vectors, or a vector and a number, is lane by lane, and a product followed by a sum may become one operation.
"""

from __future__ import annotations

import operator
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

_CONTRACT = ("contract", "nsz")


def _register_bytes() -> int:
    """Bytes of the host's vector registers: 64 with AVX-512, 32 with AVX, else 16 (SSE2, NEON)."""
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512dq"):
        return 64
    return 32 if features.get("avx2") and features.get("fma") else 16


REGISTER_BYTES = _register_bytes()


def lanes(itemsize: int) -> int:
    """Numbers in one register."""
    return REGISTER_BYTES // itemsize


class Vec(types.Type):
    """The numba type of one register of float32 or float64."""

    def __init__(self, dtype: types.Float):
        self.dtype, self.lanes = dtype, lanes(dtype.bitwidth // 8)
        super().__init__(f"Vec({dtype}, {self.lanes})")

    @property
    def element(self) -> ir.Type:
        return ir.FloatType() if self.dtype.bitwidth == 32 else ir.DoubleType()

    @property
    def llvm(self) -> ir.VectorType:
        return ir.VectorType(self.element, self.lanes)

    @property
    def llvm_integers(self) -> ir.VectorType:
        return ir.VectorType(ir.IntType(self.dtype.bitwidth), self.lanes)

    @property
    def suffix(self) -> str:
        """As in the names of LLVM's intrinsics: v16f32."""
        return f"v{self.lanes}f{self.dtype.bitwidth}"


@register_model(Vec)
class _VecModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vec):
        super().__init__(manager, kind, kind.llvm)


class _Binary(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        vecs = [a for a in args if isinstance(a, Vec)]
        others = [a for a in args if not isinstance(a, Vec)]
        if vecs and len(args) == 2 and all(isinstance(a, types.Number) for a in others):
            return signature(vecs[0], *args)
        return None


def _binary(function: Any, method: str) -> None:
    infer_global(function)(type(f"_{function.__name__}", (_Binary,), {}))

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        left, right = (_as_vec(context, builder, sig.return_type, t, v) for t, v in zip(sig.args, args, strict=True))
        return getattr(builder, method)(left, right, flags=_CONTRACT)

    for pair in ((Vec, Vec), (Vec, types.Number), (types.Number, Vec)):
        lower_builtin(function, *pair)(lower)


for _function, _method in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _binary(_function, _method)


def _as_vec(context: Any, builder: Any, vec: Vec, kind: Any, value: Any) -> Any:
    """A vector as it is, a number in every lane."""
    if isinstance(kind, Vec):
        return value
    return splat(builder, vec, context.cast(builder, value, kind, vec.dtype))


def splat(builder: Any, vec: Vec, scalar: Any) -> Any:
    """The number in every lane."""
    kind = ir.VectorType(scalar.type, vec.lanes)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), vec.lanes), [0] * vec.lanes))


def call(builder: Any, name: str, result: ir.Type, *args: Any) -> Any:
    """Call an LLVM intrinsic by its full name."""
    function_type = ir.FunctionType(result, [a.type for a in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), args)


def pointer(context: Any, builder: Any, kind: Any, value: Any, offset: Any, to: ir.Type | None = None) -> Any:
    """The address of element `offset` of a flat array, as a pointer to `to`."""
    data = context.make_array(kind)(context, builder, value=value).data
    address = builder.gep(data, [offset])
    return address if to is None else builder.bitcast(address, to.as_pointer())


@intrinsic
def total(typing: Any, v: Any) -> Any:
    """The sum of a register's numbers, pairwise: always in the same order."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        (value,), width = args, v.lanes
        while width > 1:
            width //= 2
            kind = ir.VectorType(ir.IntType(32), width)
            low, high = (ir.Constant(kind, list(range(at, at + width))) for at in (0, width))
            value = builder.fadd(builder.shuffle_vector(value, value, low), builder.shuffle_vector(value, value, high))
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return signature(v.dtype, v), generate
