"""Modules that a model holds where torch does not look: in plain lists, dictionaries and objects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from torch import nn

from carousel.introspect.diagnosis.observe.state_walk import REGISTERED, is_record

_DEPTH = 3


class HiddenModule(NamedTuple):
    """owner: the module that holds it, site: where that is in the model. below: from there on, as ("layers", "0")."""

    owner: nn.Module
    site: str
    below: tuple[str, ...]
    module: nn.Module

    @property
    def name(self) -> str:
        """The attribute of the owner."""
        return self.below[0]

    @property
    def path(self) -> str:
        """In the model, as "encoder.layers.0"."""
        return ".".join([*([self.site] if self.site else []), *self.below])


@contextmanager
def adopted(model: nn.Module) -> Iterator[list[HiddenModule]]:
    """Inside the block the hidden modules are registered under their paths, so that they are seen like all others;
    yields them. The attributes stay what they are."""
    found = list(_hidden(model))
    added: list[tuple[nn.Module, str]] = []
    try:
        for each in found:
            _register(each, added)
        yield found
    finally:
        for owner, name in added:
            owner._modules.pop(name, None)


def _register(each: HiddenModule, added: list[tuple[nn.Module, str]]) -> None:
    """Under the attribute's own name, in modules that stand for the lists between."""
    holder, (*between, last) = each.owner, each.below
    for name in between:
        if name not in holder._modules:
            holder._modules[name] = nn.Module()
            added.append((holder, name))
        holder = next(module for own, module in holder.named_children() if own == name)
    holder._modules[last] = each.module
    added.append((holder, last))


def _hidden(model: nn.Module) -> Iterator[HiddenModule]:
    known = {id(module) for module in model.modules()}
    for site, owner in model.named_modules():
        for name, value in owner.__dict__.items():
            if name in REGISTERED or name.startswith("_") or isinstance(value, nn.Module):
                continue
            for below, module in _inside((name,), value, _DEPTH):
                if id(module) not in known and not any(part is model for part in module.modules()):
                    known |= {id(part) for part in module.modules()}
                    yield HiddenModule(owner, site, below, module)


def _inside(below: tuple[str, ...], value: Any, depth: int) -> Iterator[tuple[tuple[str, ...], nn.Module]]:
    if isinstance(value, nn.Module):
        yield below, value
        return
    if depth == 0:
        return
    parts: Any = ()
    if isinstance(value, list | tuple):
        parts = enumerate(value)
    elif isinstance(value, dict):
        parts = value.items()
    elif is_record(value):
        parts = vars(value).items()
    for key, part in parts:
        yield from _inside((*below, str(key)), part, depth - 1)
