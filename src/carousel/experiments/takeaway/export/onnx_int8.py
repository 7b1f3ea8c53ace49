"""A recurrent layer with int8 weights in ONNX: a Scan over standard operators, so that any runtime has it.

Each step quantises its input and the state as they come. An ended sequence keeps its state.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx
from onnx import TensorProto, helper

from carousel.experiments.takeaway.export.onnx_nodes import Graph
from carousel.experiments.takeaway.export.portable import GATES, Kind, Layer

_States = tuple[str, ...]
_Cell = Callable[[Graph, list[str], list[str], _States], _States]


def scanned_layer(
    graph: Graph, cell: Kind, layer: Layer, number: int, below: str, initial: list[str]
) -> tuple[str, list[str]]:
    """Its output [T, B, H], and its final states [1, B, H]. below: [T, B, I]. initial: states [1, B, H]."""
    axis = graph.whole("axis0", [0])
    begun = [graph.node("Squeeze", [state, axis]) for state in initial]
    body = _body(graph, cell, layer, number, len(begun))
    names = [f"layer{number}_{name}" for name in ("h", "c")[: len(begun)]]
    outputs = [*(f"{name}_end" for name in names), f"layer{number}_all"]
    graph.nodes_of("Scan", [*begun, below, _going(graph)], outputs, body=body, num_scan_inputs=2)
    return outputs[-1], [graph.node("Unsqueeze", [name, axis]) for name in outputs[:-1]]


def _going(graph: Graph) -> str:
    """[T, B, 1]: whether the sequence has this step."""
    steps = graph.node("Squeeze", [graph.node("Shape", ["x"], end=1), graph.whole("axis0", [0])])
    ends = graph.node("Range", [graph.scalar("first", 0), steps, graph.scalar("by", 1)])
    ends = graph.node("Unsqueeze", [ends, graph.whole("behind", [1, 2])])
    lengths = graph.node("Cast", ["lengths"], to=TensorProto.INT64)
    return graph.node("Less", [ends, graph.node("Unsqueeze", [lengths, graph.whole("behind", [1])])])


def _body(graph: Graph, cell: Kind, layer: Layer, number: int, states: int) -> onnx.GraphProto:
    """One step: states, x [B, I] and whether it is there [B, 1] in; states and h out."""
    inside = Graph(f"layer{number}_")
    given = tuple(f"{name}{number}_before" for name in ("h", "c")[:states])
    from_x = inside.product("w", f"x{number}", layer.w, layer.b)
    from_h = inside.product("u", given[0], layer.u, layer.v)
    after = _CELLS[cell](inside, _blocks(inside, cell, from_x), _blocks(inside, cell, from_h), given)
    kept = [inside.node("Where", [f"going{number}", new, old]) for new, old in zip(after, given, strict=True)]
    shown = inside.node("Identity", [kept[0]])
    graph.constants += inside.constants  # weights belong to the model, where a runtime may prepare them once
    hidden, width = layer.u.shape[1], layer.w.shape[1]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", hidden]) for name in given]
    inputs += [helper.make_tensor_value_info(f"x{number}", TensorProto.FLOAT, ["B", width]),
               helper.make_tensor_value_info(f"going{number}", TensorProto.BOOL, ["B", 1])]  # fmt: skip
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", hidden]) for name in (*kept, shown)]
    return helper.make_graph(inside.nodes, f"layer{number}", inputs, outputs)


def _blocks(graph: Graph, cell: Kind, rows: str) -> list[str]:
    """[B, H] of each gate."""
    if GATES[cell] == 1:
        return [rows]
    names = [f"{rows}_{block}" for block in range(GATES[cell])]
    return graph.nodes_of("Split", [rows], names, axis=1)


def _elman(activation: str) -> _Cell:
    def step(graph: Graph, x: list[str], h: list[str], states: _States) -> _States:
        return (graph.node(activation, [graph.node("Add", [x[0], h[0]])]),)

    return step


def _gru(graph: Graph, x: list[str], h: list[str], states: _States) -> _States:
    """Gates r z n; reset after the product, as torch has it."""
    r, z = (graph.node("Sigmoid", [graph.node("Add", [x[k], h[k]])]) for k in (0, 1))
    n = graph.node("Tanh", [graph.node("Add", [x[2], graph.node("Mul", [r, h[2]])])])
    return (graph.node("Add", [n, graph.node("Mul", [z, graph.node("Sub", [states[0], n])])]),)


def _lstm(graph: Graph, x: list[str], h: list[str], states: _States) -> _States:
    """Gates i f g o."""
    i, f, o = (graph.node("Sigmoid", [graph.node("Add", [x[k], h[k]])]) for k in (0, 1, 3))
    g = graph.node("Tanh", [graph.node("Add", [x[2], h[2]])])
    c = graph.node("Add", [graph.node("Mul", [f, states[1]]), graph.node("Mul", [i, g])])
    return graph.node("Mul", [o, graph.node("Tanh", [c])]), c


_CELLS: dict[Kind, _Cell] = {"rnn": _elman("Tanh"), "rnn-relu": _elman("Relu"), "gru": _gru, "lstm": _lstm}
