"""The recurrent modules of a model, and the models that cannot be recorded."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import torch
from torch import nn

from carousel.common.errors import BadCall
from carousel.introspect.record.in_place import has_own_forward
from carousel.nn.cells import Cell
from carousel.nn.layers.base import Recurrent
from carousel.nn.layers.stack_module import Stack
from carousel.nn.layers.torch_module import cell_of, suffixes

LAYERS = (nn.RNN, nn.LSTM, nn.GRU, Stack)
CELLS = (nn.RNNCell, nn.LSTMCell, nn.GRUCell)


class Target(NamedTuple):
    """A recurrent module, where it is in the model (path), and its sites: "l0", "l1_reverse", ...; none for a *Cell."""

    path: str
    module: nn.Module
    sites: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its tracks' names begin with: its path; of a Stack that a module holds as `cells`, the module's."""
        owner, _, own = self.path.rpartition(".")
        return owner if isinstance(self.module, Stack) and own == "cells" else self.path

    @property
    def names(self) -> tuple[str, ...]:
        """Of its tracks."""
        if not self.sites:
            return (self.name or "cell",)
        return tuple(f"{self.name}.{site}" if self.name else site for site in self.sites)

    @property
    def cell(self) -> type[Cell]:
        """The recurrence it computes."""
        return type(self.module.cells[0]) if isinstance(self.module, Stack) else cell_of(self.module)

    @property
    def values(self) -> tuple[str, ...]:
        """The states and gates of a site."""
        return self.cell.state_names + self.cell.gate_names

    @property
    def what(self) -> str:
        """The module in words."""
        module: Any = self.module
        kind = self.cell if isinstance(module, Stack) else type(module)
        return f"{kind.__name__}({module.input_size}, {module.hidden_size})"

    def parameter(self, site: str, name: str) -> str:
        """Where a parameter of a site is in the module: ("l0", "bias_ih") -> "bias_ih_l0"; of a Stack "0.bias_ih", of a
        *Cell "bias_ih"."""
        if isinstance(self.module, Stack):
            return f"{site.removeprefix('l')}.{name}"
        return f"{name}_{site}" if self.sites else name


def is_cell(module: nn.Module) -> bool:
    """Whether it is a *Cell module: one step a call."""
    return isinstance(module, CELLS)


def is_layer(module: nn.Module) -> bool:
    """Whether it runs over time by itself: a torch.nn.RNN, LSTM or GRU, a Carousel layer or a contender's Stack."""
    return isinstance(module, LAYERS)


def targets(model: nn.Module) -> tuple[list[Target], dict[str, str]]:
    """The modules to record, and those that cannot be, with the reason. Raises BadCall where there is none."""
    _refuse(model)
    found, skipped = [], dict[str, str]()
    for name, module in model.named_modules():
        if is_layer(module) or is_cell(module):
            if _overrides(module):
                skipped[name] = f"{type(module).__name__} has a forward of its own"
            else:
                found.append(Target(name, module, _sites(module)))
    if not found:
        allowed = (
            "torch.nn.RNN, LSTM, GRU, their *Cell modules, Carousel's layers or recurrent contenders, at any depth"
        )
        why = "; ".join(f"{name or 'the model'}: {reason}" for name, reason in skipped.items())
        raise BadCall(f"{type(model).__name__} holds no recurrent module that can be recorded", allowed=allowed,
                      got=why or ", ".join(sorted({type(m).__name__ for m in model.modules()})))  # fmt: skip
    return found, skipped


def _refuse(model: object) -> None:
    if not isinstance(model, nn.Module):
        raise BadCall("only a torch model can be recorded", allowed="a torch.nn.Module", got=type(model).__name__)
    for name, module in model.named_modules():
        kind = type(module)
        if isinstance(module, torch.jit.ScriptModule):
            raise BadCall(f"{name or 'the model'} is TorchScript, which runs without Python and cannot be seen into",
                          fix="put the module that it was made from in its place")  # fmt: skip
        if kind.__module__.startswith("torch._dynamo"):
            raise BadCall("the model is compiled", fix="record model._orig_mod, which shares its parameters")
        if getattr(module, "_compiled_call_impl", None) is not None:
            raise BadCall(f"{kind.__name__} was compiled in place", fix="record a copy.deepcopy made before compile()")


def _overrides(module: nn.Module) -> bool:
    """Whether its forward is neither torch's nor Carousel's."""
    known = {kind.forward for kind in (*LAYERS, *CELLS)} | {Recurrent.forward}
    return type(module).forward not in known or has_own_forward(module)


def _sites(module: nn.Module) -> tuple[str, ...]:
    if not is_layer(module):
        return ()
    of = suffixes(cast("nn.RNNBase", module))
    return tuple(f"l{layer}{suffix}" for layer in range(cast("int", module.num_layers)) for suffix in of)
