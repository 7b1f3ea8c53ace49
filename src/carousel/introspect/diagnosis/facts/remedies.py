"""Lines of code that build or draw a layer anew, and make it remember for longer."""

from __future__ import annotations

import math
from typing import Any

from carousel.introspect.diagnosis.code_names import code_name, number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.gradient_horizon import GradientHorizon
from carousel.introspect.flow.forget_path import carrying_gate
from carousel.introspect.record.targets import is_cell
from carousel.nn.cells import GRU, Cell, ElmanReLU, ElmanTanh
from carousel.nn.layers.stack_module import Stack

TANH_REACHES = 100  # steps; farther back an orthogonal tanh network's gradient is gone too (measured: 46 to 78 of 99)


def longer_memory(context: Context, layer: GradientHorizon, reach: int) -> str:
    """For every layer of the module: gates that start open for up to `reach` steps; of an Elman cell, which has none, a
    matrix that keeps lengths."""
    call = context.trace.call_at(layer.site)
    name, module = code_name(call.name), call.module
    cell, gate = layer.tape.cell, carrying_gate(layer.tape.cell)
    if gate is None:
        long = isinstance(cell, ElmanTanh) and reach > TANH_REACHES
        return _gru_instead(name, module, reach) if long else length_keeping(name, cell)
    if module.bias:
        return _open_gates(name, cell, reach)
    return f"{rebuilt(name, module)}; {_open_gates(name, cell, reach, listed=True)}"


def length_keeping(name: str, cell: Cell) -> str:
    """An orthogonal recurrent matrix (Saxe et al. 2014), of each gate; with ReLU the identity and no bias (Le et al.
    2015), since an orthogonal one loses half at every step to the units that are off."""
    blocks = len(cell.blocks)
    if isinstance(cell, ElmanReLU):
        return (
            f"for n, p in {name}.named_parameters(): "
            'torch.nn.init.eye_(p) if "weight_hh" in n else p.data.zero_() if "bias" in n else None'
        )
    part = "torch.nn.init.orthogonal_(w)" if blocks == 1 else (
        f"[torch.nn.init.orthogonal_(u) for u in w.data.chunk({blocks})]"
    )  # fmt: skip
    return f'for n, w in {name}.named_parameters(): "weight_hh" in n and {part}'


def redrawn(name: str, module: Any) -> str:
    """All weights drawn anew; of a Stack or its cells, which cannot draw their own, as torch does it."""
    return _uniform(name, module) if isinstance(module, Stack | Cell) else f"{name}.reset_parameters()"


def _uniform(name: str, module: Any) -> str:
    bound = number(1 / math.sqrt(module.hidden_size))
    return f"[p.data.uniform_(-{bound}, {bound}) for p in {name}.parameters()]"


def rebuilt(name: str, module: Any, kind: str = "") -> str:
    """The module made anew with biases, or one of another kind in its place, with the same options."""
    if isinstance(module, Stack):
        kind, widths = kind or type(module.cells[0]).__name__, [cell.input_size for cell in module.cells]
        cells = f"{kind}(i, {module.hidden_size}) for i in {widths}"
        return f"from carousel.nn.cells import {kind}; {name} = type({name})({cells}); {_uniform(name, module)}"
    return f"{name} = {_constructor(module, kind)}"


def _constructor(module: Any, kind: str) -> str:
    """Of a torch.nn.RNN, LSTM, GRU or *Cell: "torch.nn.LSTM(3, 16, batch_first=True)"."""
    sizes = f"{module.input_size}, {module.hidden_size}"
    given = {name: getattr(module, name, usual) for name, usual in _USUAL.items()} | {"bias": True}
    if kind:
        given.pop("nonlinearity")
    options = [f"{name}={value!r}" for name, value in given.items() if value != _USUAL[name]]
    return f"torch.nn.{kind or type(module).__name__}({', '.join([sizes, *options])})"


def _gru_instead(name: str, module: Any, reach: int) -> str:
    """It is called like an RNN and answers like one."""
    kind = "GRUCell" if is_cell(module) else "GRU"
    gates = _open_gates(name, GRU(module.input_size, module.hidden_size), reach, listed=True)
    return f"{rebuilt(name, module, kind)}; {gates}"


def _open_gates(name: str, cell: Cell, reach: int, listed: bool = False) -> str:
    """Chrono initialisation (Tallec, Ollivier 2018): b_f = ln U[1, T - 1], of a GRU b_z; b_i = -b_f. Without
    the last an LSTM's cell fills up: delayed recall over 100 steps was learned in 300 Adam steps with it, not
    in 1,500 without."""
    gate = cell.rows(carrying_gate(cell) or "")
    fill = f"b.data[{gate.start}:{gate.stop}].uniform_(1, {max(2, reach)}).log_()"
    if "i" in cell.blocks:
        write = cell.rows("i")
        fill = f"b.data[{write.start}:{write.stop}].copy_(-{fill})"
    if listed:  # behind a semicolon there can be no for statement
        return f'[{fill} for n, b in {name}.named_parameters() if "bias_ih" in n]'
    return f'for n, b in {name}.named_parameters(): "bias_ih" in n and {fill}'


_USUAL: dict[str, object] = {
    "num_layers": 1, "nonlinearity": "tanh", "bias": True, "batch_first": False, "dropout": 0.0,
    "bidirectional": False, "proj_size": 0,
}  # fmt: skip
