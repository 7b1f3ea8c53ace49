"""Modules and parameters as a user's code has them, and numbers as a person reads them."""

from __future__ import annotations

from carousel.introspect.diagnosis.observe.trace import ModuleCall


def code_name(name: str) -> str:
    """The name of a module as code that starts at `model`; a number is an index."""
    parts = (f"[{part}]" if part.isdecimal() else f".{part}" for part in name.split(".") if part)
    return "model" + "".join(parts)


def code_parameter(call: ModuleCall, site: str, name: str) -> str:
    """A parameter of one of the module's sites as code: "model.rnn.weight_ih_l0", of a *Cell "model.cell.weight_ih"."""
    own = site.rpartition(".")[2] if call.target.sites else ""
    return code_name(f"{call.name}.{call.target.parameter(own, name)}")


def number(value: float) -> str:
    """Three significant digits."""
    return f"{value:.3g}"


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.3g}"
