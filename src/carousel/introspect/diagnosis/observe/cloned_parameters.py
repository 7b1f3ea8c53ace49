"""A model with clones in place of its parameters, to train for some steps while the model stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def cloned_parameters(model: nn.Module) -> Iterator[dict[nn.Parameter, nn.Parameter]]:
    """Inside the block every parameter is a copy of its own; yields original -> copy. The originals are never written
    to, so that what was recorded of them stays true."""
    copies: dict[nn.Parameter, nn.Parameter] = {}
    held = [(m, name, p) for m in model.modules() for name, p in m._parameters.items() if p is not None]
    try:
        for module, name, parameter in held:
            if parameter not in copies:
                copies[parameter] = nn.Parameter(parameter.detach().clone(), parameter.requires_grad)
            setattr(module, name, copies[parameter])
        yield copies
    finally:
        for module, name, parameter in held:
            setattr(module, name, parameter)
