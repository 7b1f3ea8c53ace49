"""The network as an ONNX graph, its nodes written one by one: torch's exporters freeze the length of a recurrence.

Inputs: x [T, B, c] in the file's units (NaN: missing), lengths [B] int32, h0 (and c0) [layers, B, H]. Outputs: answer
([B, classes] probabilities, [B, 1] values, [B, steps, columns] forecasts), hn (and cn). T and B are free, so a step is
T = 1 with the last call's state. In float32 a layer is ONNX's own operator, with int8 weights a Scan. Of an
ensemble the states are those of all members, one after the other, and the answer is the mean of theirs. Of series in
units of their own, level and unit [B, c] are inputs too: those of each sequence's series.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from carousel.experiments.data.arrays import Floats
from carousel.experiments.takeaway.export.onnx_int8 import scanned_layer
from carousel.experiments.takeaway.export.onnx_nodes import Graph
from carousel.experiments.takeaway.export.portable import Kind, Layer, Number, Portable

OPSET = 17  # known to every ONNX Runtime since 1.12
_IR = 8
_ORDER = {"rnn": (0,), "rnn-relu": (0,), "lstm": (0, 3, 1, 2), "gru": (1, 0, 2)}  # ONNX: i o f c; z r h

_OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn": ("RNN", {}),
    "rnn-relu": ("RNN", {"activations": ["Relu"]}),
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {"linear_before_reset": 1}),
}


def onnx_model(network: Portable, number: Number) -> onnx.ModelProto:
    """Checked by onnx itself. number: of the weights."""
    graph, whole = Graph(), number == "int8"
    states = ("h", "c") if network.has_c else ("h",)
    scaled = _scaled(graph, network)
    finals: dict[str, list[str]] = {state: [] for state in states}
    outputs = [_member(graph, member, scaled, finals, whole) for member in network.members]
    graph.node("Identity", [_answer(graph, network, outputs)], output="answer")
    for state, names in finals.items():
        graph.node("Concat", names, output=f"{state}n", axis=0)
    return _model(graph, network, states)


def _member(graph: Graph, network: Portable, below: str, finals: dict[str, list[str]], whole: bool) -> str:
    """[B, O]: what its readout gives; its final states are added to `finals`. below: [T, B, I]."""
    for layer in network.layers:
        number = len(finals["h"])
        initial = _initial(graph, number, tuple(finals))
        made = (scanned_layer if whole else _layer)(graph, network.cell, layer, number, below, initial)
        below = made[0]
        for state, name in zip(finals, made[1], strict=True):
            finals[state].append(name)
    shown = graph.node("Squeeze", [finals["h"][-1], graph.whole("axis0", [0])])
    return _readout(graph, network, shown, whole)


def _scaled(graph: Graph, network: Portable) -> str:
    """[T, B, I]: scaled, missing values 0, masks behind."""
    gap, mean = graph.node("IsNaN", ["x"]), graph.floats("mean", network.mean)
    known = graph.node("Where", [gap, mean, _in_own_units(graph, network)])
    scaled = graph.node("Div", [graph.node("Sub", [known, mean]), graph.floats("std", network.std)])
    if not network.masked:
        return scaled
    masks = graph.node("Cast", [gap], to=TensorProto.FLOAT)
    chosen = graph.node("Gather", [masks, graph.whole("masked", list(network.masked))], axis=2)
    return graph.node("Concat", [scaled, chosen], axis=2)


def _in_own_units(graph: Graph, network: Portable) -> str:
    """x, or x in the level and unit of its series."""
    return "x" if network.own is None else graph.node("Div", [graph.node("Sub", ["x", "level"]), "unit"])


def _initial(graph: Graph, number: int, states: tuple[str, ...]) -> list[str]:
    """[1, B, H] of a layer."""
    ends = [graph.whole("one", [place]) for place in (number, number + 1)]
    return [graph.node("Slice", [f"{state}0", *ends, graph.whole("axis", [0])]) for state in states]


def _readout(graph: Graph, network: Portable, shown: str, whole: bool) -> str:
    """[B, O] of [B, H]."""
    if whole:
        return graph.product("readout", shown, network.weight, network.bias)
    tables = [graph.floats("readout", network.weight), graph.floats("readout_bias", network.bias)]
    return graph.node("Gemm", [shown, *tables], transB=1)


def _layer(
    graph: Graph, cell: Kind, layer: Layer, number: int, below: str, initial: list[str]
) -> tuple[str, list[str]]:
    """Its output [T, B, H], and its final states [1, B, H]."""
    order, hidden = _ORDER[cell], layer.u.shape[1]

    def rows(values: Floats) -> Floats:
        blocks = np.split(values, len(order))
        return np.concatenate([blocks[block] for block in order])

    w, u, b, v = (rows(values) for values in (layer.w, layer.u, layer.b, layer.v))
    tables = [("w", w[None]), ("u", u[None]), ("b", np.concatenate([b, v])[None])]
    inputs = [below, *(graph.floats(name, values) for name, values in tables)]
    kind, extra = _OPERATORS[cell]
    outputs = [f"layer{number}_{name}" for name in ("all", "h", "c")[: 1 + len(initial)]]
    graph.nodes_of(kind, [*inputs, "lengths", *initial], outputs, hidden_size=hidden, **extra)
    return graph.node("Squeeze", [outputs[0], graph.whole("direction", [1])]), outputs[1:]


def _answer(graph: Graph, network: Portable, outputs: list[str]) -> str:
    """In the file's units."""
    if network.question == "classification":
        return graph.node("Mean", [graph.node("Softmax", [output], axis=1) for output in outputs])
    output = graph.node("Mean", outputs)
    unit = graph.floats("unit", network.unit)
    if network.question == "regression":
        return graph.node("Add", [graph.node("Mul", [output, unit]), graph.floats("offset", network.offset)])
    shaped = graph.node("Reshape", [output, graph.whole("shape", [0, -1, len(network.unit)])])
    last = graph.node("Unsqueeze", [_last(graph, network), graph.whole("ahead", [1])])
    change = graph.node("Mul", [shaped, unit])
    if network.own is not None:
        own = graph.node("Gather", ["unit", graph.whole("targets", network.targets.tolist())], axis=1)
        change = graph.node("Mul", [change, graph.node("Unsqueeze", [own, graph.whole("ahead", [1])])])
    return graph.node("Add", [change, last])


def _last(graph: Graph, network: Portable) -> str:
    """[B, K]: the last value of each forecast column, at each sequence's own last step."""
    values = graph.node("Gather", ["x", graph.whole("targets", network.targets.tolist())], axis=2)
    steps = graph.node("Sub", [graph.node("Cast", ["lengths"], to=TensorProto.INT64), graph.whole("one", [1])])
    count = len(network.targets)
    ends = graph.whole("one", [1]), graph.whole("k", [count])
    size = graph.node("Concat", [ends[0], graph.node("Shape", [steps]), ends[1]], axis=0)
    index = graph.node("Expand", [graph.node("Reshape", [steps, graph.whole("column", [1, -1, 1])]), size])
    return graph.node("Squeeze", [graph.node("GatherElements", [values, index], axis=0), graph.whole("axis0", [0])])


def _model(graph: Graph, network: Portable, states: tuple[str, ...]) -> onnx.ModelProto:
    layers, hidden, count = len(network.layers) * len(network.members), network.hidden, len(network.mean)
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["T", "B", count]),
              helper.make_tensor_value_info("lengths", TensorProto.INT32, ["B"])]  # fmt: skip
    inputs += [helper.make_tensor_value_info(f"{s}0", TensorProto.FLOAT, [layers, "B", hidden]) for s in states]
    own = () if network.own is None else ("level", "unit")
    inputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", count]) for name in own]
    shape: list[str | int | None] = ["B", network.outputs]
    if network.question == "forecast":
        shape = ["B", network.outputs // len(network.unit), len(network.unit)]
    outputs = [helper.make_tensor_value_info("answer", TensorProto.FLOAT, shape)]
    outputs += [helper.make_tensor_value_info(f"{s}n", TensorProto.FLOAT, [layers, "B", hidden]) for s in states]
    made = helper.make_graph(graph.nodes, "carousel", inputs, outputs, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR,
                              producer_name="carousel")  # fmt: skip
    helper.set_model_props(model, {"channels": ",".join(network.channels), "answers": ",".join(network.answers)})
    onnx.checker.check_model(model, full_check=True)
    return model
