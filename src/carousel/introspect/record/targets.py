"""The recurrent modules of a model, and the models that cannot be recorded."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn

from carousel.common.errors import BadCall
from carousel.nn.cells import CELLS as CELL_CLASSES
from carousel.nn.cells import Cell
from carousel.nn.layers.base import Recurrent

LAYERS = (nn.RNN, nn.LSTM, nn.GRU)
CELLS = (nn.RNNCell, nn.LSTMCell, nn.GRUCell)


class Target(NamedTuple):
    """A recurrent module and its sites: "l0", "l1_reverse", ...; none for a *Cell."""

    name: str
    module: nn.Module
    sites: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of its tracks."""
        if not self.sites:
            return (self.name or "cell",)
        return tuple(f"{self.name}.{site}" if self.name else site for site in self.sites)

    @property
    def cell(self) -> type[Cell]:
        """The recurrence it computes."""
        module = self.module
        if isinstance(module, nn.LSTM | nn.LSTMCell):
            return CELL_CLASSES["lstm"]
        if isinstance(module, nn.GRU | nn.GRUCell):
            return CELL_CLASSES["gru"]
        return CELL_CLASSES["rnn" if module.nonlinearity == "tanh" else "rnn-relu"]

    @property
    def values(self) -> tuple[str, ...]:
        """The states and gates of a site."""
        return self.cell.state_names + self.cell.gate_names

    @property
    def what(self) -> str:
        """The module in words."""
        module: Any = self.module
        return f"{type(module).__name__}({module.input_size}, {module.hidden_size})"


def targets(model: nn.Module) -> tuple[list[Target], dict[str, str]]:
    """The modules to record, and those that cannot be, with the reason. Raises BadCall where there is none."""
    _refuse(model)
    found, skipped = [], dict[str, str]()
    for name, module in model.named_modules():
        if isinstance(module, LAYERS + CELLS):
            if _overrides(module):
                skipped[name] = f"{type(module).__name__} has a forward of its own"
            else:
                found.append(Target(name, module, _sites(module) if isinstance(module, LAYERS) else ()))
    if not found:
        allowed = "torch.nn.RNN, LSTM, GRU, their *Cell modules, or Carousel's layers, at any depth"
        why = "; ".join(f"{name or 'the model'}: {reason}" for name, reason in skipped.items())
        raise BadCall(f"{type(model).__name__} holds no recurrent module that can be recorded", allowed=allowed,
                      got=why or ", ".join(sorted({type(m).__name__ for m in model.modules()})))  # fmt: skip
    return found, skipped


def _refuse(model: object) -> None:
    if not isinstance(model, nn.Module):
        raise BadCall("only a torch model can be recorded", allowed="a torch.nn.Module", got=type(model).__name__)
    for module in model.modules():
        kind = type(module)
        if isinstance(module, torch.jit.ScriptModule):
            raise BadCall(f"{kind.__name__} is TorchScript, which runs without Python and cannot be seen into",
                          fix="record the model that it was made from")  # fmt: skip
        if kind.__module__.startswith("torch._dynamo"):
            raise BadCall("the model is compiled", fix="record model._orig_mod, which shares its parameters")
        if getattr(module, "_compiled_call_impl", None) is not None:
            raise BadCall(f"{kind.__name__} was compiled in place", fix="record a copy.deepcopy made before compile()")


def _overrides(module: nn.Module) -> bool:
    """Whether its forward is neither torch's nor the house's."""
    known = {kind.forward for kind in (*LAYERS, *CELLS)} | {Recurrent.forward}
    return type(module).forward not in known or "forward" in module.__dict__


def _sites(module: nn.RNNBase) -> tuple[str, ...]:
    suffixes = ("", "_reverse") if module.bidirectional else ("",)
    return tuple(f"l{layer}{suffix}" for layer in range(module.num_layers) for suffix in suffixes)
