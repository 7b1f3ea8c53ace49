"""The network as an ONNX graph, its nodes written one by one: torch's exporters freeze the length of a recurrence.

Inputs: x [T, B, c] in the file's units (NaN: missing), lengths [B] int32, h0 (and c0) [layers, B, H]. Outputs: answer
([B, classes] probabilities, [B, 1] values, [B, steps, columns] forecasts), hn (and cn). T and B are free, so a step is
T = 1 with the last call's state.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from carousel.experiments.data.arrays import Floats
from carousel.experiments.takeaway.export.portable import Portable

OPSET = 17  # known to every ONNX Runtime since 1.12
_IR = 8
_ORDER = {"rnn": (0,), "rnn-relu": (0,), "lstm": (0, 3, 1, 2), "gru": (1, 0, 2)}  # ONNX: i o f c; z r h

_OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn": ("RNN", {}),
    "rnn-relu": ("RNN", {"activations": ["Relu"]}),
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {"linear_before_reset": 1}),
}


def onnx_model(network: Portable) -> onnx.ModelProto:
    """Checked by onnx itself."""
    graph = _Graph()
    states = ("h", "c") if network.has_c else ("h",)
    below = _scaled(graph, network)
    finals: dict[str, list[str]] = {state: [] for state in states}
    for number in range(len(network.layers)):
        below, last = _layer(graph, network, number, below, states)
        for state, name in zip(states, last, strict=True):
            finals[state].append(name)
    shown = graph.node("Squeeze", [finals["h"][-1], graph.whole("axis0", [0])])
    answer = _answer(graph, network, graph.node("Gemm", [shown, graph.floats("readout", network.weight),
                     graph.floats("readout_bias", network.bias)], transB=1))  # fmt: skip
    graph.node("Identity", [answer], output="answer")
    for state, names in finals.items():
        graph.node("Concat", names, output=f"{state}n", axis=0)
    return _model(graph, network, states)


class _Graph:
    """Nodes and constants, named in the order in which they are made."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        """The name of its only output."""
        name = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def floats(self, name: str, values: Floats) -> str:
        """A float32 constant."""
        return self._constant(name, values.astype(np.float32))

    def whole(self, name: str, values: list[int]) -> str:
        """An int64 constant."""
        return self._constant(name, np.array(values, dtype=np.int64))

    def _constant(self, name: str, values: np.ndarray) -> str:
        name = f"{name}_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def _scaled(graph: _Graph, network: Portable) -> str:
    """[T, B, I]: scaled, missing values 0, masks behind."""
    gap, mean = graph.node("IsNaN", ["x"]), graph.floats("mean", network.mean)
    known = graph.node("Where", [gap, mean, "x"])
    scaled = graph.node("Div", [graph.node("Sub", [known, mean]), graph.floats("std", network.std)])
    if not network.masked:
        return scaled
    masks = graph.node("Cast", [gap], to=TensorProto.FLOAT)
    chosen = graph.node("Gather", [masks, graph.whole("masked", list(network.masked))], axis=2)
    return graph.node("Concat", [scaled, chosen], axis=2)


def _layer(graph: _Graph, network: Portable, number: int, below: str, states: tuple[str, ...]) -> tuple[str, list[str]]:
    """Its output [T, B, H], and its final states [1, B, H]."""
    layer, order, hidden = network.layers[number], _ORDER[network.cell], network.hidden

    def rows(values: Floats) -> Floats:
        blocks = np.split(values, len(order))
        return np.concatenate([blocks[block] for block in order])

    w, u, b, v = (rows(values) for values in (layer.w, layer.u, layer.b, layer.v))
    ends = [graph.whole("one", [place]) for place in (number, number + 1)]
    initial = [graph.node("Slice", [f"{state}0", *ends, graph.whole("axis", [0])]) for state in states]
    tables = [("w", w[None]), ("u", u[None]), ("b", np.concatenate([b, v])[None])]
    inputs = [below, *(graph.floats(name, values) for name, values in tables)]
    kind, extra = _OPERATORS[network.cell]
    outputs = [f"layer{number}_{name}" for name in ("all", *states)]
    graph.nodes.append(helper.make_node(kind, [*inputs, "lengths", *initial], outputs, hidden_size=hidden, **extra))
    return graph.node("Squeeze", [outputs[0], graph.whole("direction", [1])]), outputs[1:]


def _answer(graph: _Graph, network: Portable, output: str) -> str:
    """In the file's units."""
    if network.question == "classification":
        return graph.node("Softmax", [output], axis=1)
    unit = graph.floats("unit", network.unit)
    if network.question == "regression":
        return graph.node("Add", [graph.node("Mul", [output, unit]), graph.floats("offset", network.offset)])
    shaped = graph.node("Reshape", [output, graph.whole("shape", [0, -1, len(network.unit)])])
    last = graph.node("Unsqueeze", [_last(graph, network), graph.whole("ahead", [1])])
    return graph.node("Add", [graph.node("Mul", [shaped, unit]), last])


def _last(graph: _Graph, network: Portable) -> str:
    """[B, K]: the last value of each forecast column, at each sequence's own last step."""
    values = graph.node("Gather", ["x", graph.whole("targets", network.targets.tolist())], axis=2)
    steps = graph.node("Sub", [graph.node("Cast", ["lengths"], to=TensorProto.INT64), graph.whole("one", [1])])
    count = len(network.targets)
    ends = graph.whole("one", [1]), graph.whole("k", [count])
    size = graph.node("Concat", [ends[0], graph.node("Shape", [steps]), ends[1]], axis=0)
    index = graph.node("Expand", [graph.node("Reshape", [steps, graph.whole("column", [1, -1, 1])]), size])
    return graph.node("Squeeze", [graph.node("GatherElements", [values, index], axis=0), graph.whole("axis0", [0])])


def _model(graph: _Graph, network: Portable, states: tuple[str, ...]) -> onnx.ModelProto:
    layers, hidden, count = len(network.layers), network.hidden, len(network.mean)
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["T", "B", count]),
              helper.make_tensor_value_info("lengths", TensorProto.INT32, ["B"])]  # fmt: skip
    inputs += [helper.make_tensor_value_info(f"{s}0", TensorProto.FLOAT, [layers, "B", hidden]) for s in states]
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
