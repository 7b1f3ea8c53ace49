"""Modules by the names that a user's code has for them, and numbers as a person reads them."""

from __future__ import annotations

from typing import Any

from torch import nn

from carousel.introspect.diagnosis.observe.trace import Trace


def module_of(trace: Trace, site: str) -> tuple[str, Any]:
    """ "encoder.rnn.l0" -> ("model.encoder.rnn", the module)."""
    for call in trace.module_calls:
        if belongs(site, call.name):
            return code_name(call.name), call.module
    raise KeyError(site)


def belongs(site: str, module: str) -> bool:
    """Whether a site of the tape is one of a module's, by their names; a *Cell has its module's own, "cell" at the
    root."""
    return site in (module, module or "cell") or site.rpartition(".")[0] == module


def suffix_of(trace: Trace, site: str) -> str:
    """What torch appends to the names of a site's parameters: "_l0"; nothing of a *Cell module."""
    _, module = module_of(trace, site)
    return "" if isinstance(module, nn.RNNCellBase) else f"_{site.rpartition('.')[2]}"


def code_name(name: str) -> str:
    """The name of a module as code that starts at `model`; a number is an index."""
    parts = (f"[{part}]" if part.isdecimal() else f".{part}" for part in name.split(".") if part)
    return "model" + "".join(parts)


def number(value: float) -> str:
    """Three significant digits."""
    return f"{value:.3g}"


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.3g}"


def constructor(module: Any, kind: str = "", **changed: object) -> str:
    """The line that builds a torch.nn.RNN, LSTM, GRU or *Cell anew, or another of that kind with the same options:
    "torch.nn.LSTM(3, 16, batch_first=True)"."""
    sizes = f"{module.input_size}, {module.hidden_size}"
    given = {name: getattr(module, name, usual) for name, usual in _USUAL.items()} | changed
    if kind:
        given.pop("nonlinearity", None)
    options = [f"{name}={value!r}" for name, value in given.items() if value != _USUAL[name]]
    return f"torch.nn.{kind or type(module).__name__}({', '.join([sizes, *options])})"


_USUAL: dict[str, object] = {
    "num_layers": 1, "nonlinearity": "tanh", "bias": True, "batch_first": False, "dropout": 0.0,
    "bidirectional": False, "proj_size": 0,
}  # fmt: skip
