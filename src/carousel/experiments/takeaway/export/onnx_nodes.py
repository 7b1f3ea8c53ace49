"""Nodes and constants of an ONNX graph, and a product with weights in int8 as standard operators have it."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from carousel.experiments.data.arrays import Floats

WHOLE = 127  # the largest int8 that is used: the range is symmetric
_MOST, _LEAST = np.array(float(WHOLE)), np.array(1e-30)


class Graph:
    """Nodes and constants, named in the order in which they are made. prefix: of those names, in the body of a loop."""

    def __init__(self, prefix: str = "") -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._prefix = prefix

    def node(self, kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        """The name of its only output."""
        return self.nodes_of(kind, inputs, [output or f"{self._prefix}{kind}_{len(self.nodes)}"], **attributes)[0]

    def nodes_of(self, kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> list[str]:
        """The names of its outputs."""
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs

    def floats(self, name: str, values: Floats) -> str:
        """A float32 constant."""
        return self._constant(name, values.astype(np.float32))

    def whole(self, name: str, values: list[int]) -> str:
        """An int64 constant."""
        return self._constant(name, np.array(values, dtype=np.int64))

    def scalar(self, name: str, value: int) -> str:
        """An int64 constant of no axis."""
        return self._constant(name, np.array(value, dtype=np.int64))

    def _constant(self, name: str, values: np.ndarray) -> str:
        name = f"{self._prefix}{name}_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def product(self, name: str, given: str, weight: Floats, bias: Floats) -> str:
        """given [B, K] times weight [M, K] turned, plus bias [M], in int8: weights with a scale a row, `given` too, as
        it comes, by its largest size. So no sequence of a batch changes another."""
        scale = np.abs(weight).max(axis=1) / WHOLE
        scale = np.where(scale > 0, scale, 1.0)
        rows = self._constant(f"{name}_int8", np.rint(weight / scale[:, None]).astype(np.int8).T)
        most = self.node("ReduceMax", [self.node("Abs", [given])], axes=[1], keepdims=1)
        unit = self.node("Div", [self.node("Max", [most, self.floats("least", _LEAST)]), self.floats("whole", _MOST)])
        near = self.node("Round", [self.node("Div", [given, unit])])
        sums = self.node("MatMulInteger", [self.node("Cast", [near], to=TensorProto.INT8), rows])
        # One scale after the other: ONNX Runtime 1.32 mistakes their product for that of two scalars.
        whole = self.node("Mul", [self.node("Cast", [sums], to=TensorProto.FLOAT), unit])
        whole = self.node("Mul", [whole, self.floats(f"{name}_scale", scale)])
        return self.node("Add", [whole, self.floats(f"{name}_bias", bias)])
