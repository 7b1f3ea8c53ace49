"""What one recorded pass shows: what went in and out of a model and of its recurrent modules."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.record import ModelTape
from carousel.introspect.record.targets import Target, is_cell
from carousel.nn.kernels import Tape


@dataclass
class ModuleCall:
    """One call of a recurrent module. target: the module, where it is, and its sites. x: its input as given; hx: the
    initial state as given, or None. output: what it returned first (a Tensor or PackedSequence; None of a *Cell);
    final: the states it returned, h first. Gradients that reach them directly, from outside the module, are in their
    `.grad`. lengths: as given to one of Carousel's layers.
    """

    target: Target
    x: Any
    hx: Any
    output: Any
    final: tuple[Tensor, ...]
    lengths: Any = None

    @property
    def name(self) -> str:
        """The module's name in the model, as "encoder.rnn"."""
        return self.target.path

    @property
    def module(self) -> nn.Module:
        """The module that was called."""
        return self.target.module

    @property
    def is_cell(self) -> bool:
        """Whether the module is a *Cell: one step a call."""
        return is_cell(self.module)

    @property
    def returned(self) -> list[Tensor]:
        """The tensors that it returned: final states, then the output."""
        output = self.output.data if isinstance(self.output, PackedSequence) else self.output
        return [*self.final, *([] if output is None else [output])]

    @property
    def batch_first(self) -> bool:
        """Whether a layer takes [B, T, I]."""
        return bool(getattr(self.module, "batch_first", False))

    @property
    def states(self) -> tuple[Tensor, ...]:
        """The initial states as given, h first; empty for zeros."""
        return () if self.hx is None else (self.hx,) if isinstance(self.hx, Tensor) else tuple(self.hx)

    @property
    def input_TBI(self) -> Tensor:
        """x [T, B, I] of a layer, time first, zeros at padding; [1, B, I] of a *Cell."""
        if isinstance(self.x, PackedSequence):
            return pad_packed_sequence(self.x)[0].detach()
        x: Tensor = self.x.detach()
        if self.is_cell:
            return x.reshape(1, -1, x.shape[-1])
        if x.dim() == 2:
            return x.unsqueeze(1)
        return x.transpose(0, 1) if self.batch_first else x

    @property
    def own_lengths(self) -> Tensor | None:
        """[B]: the lengths that the module was packed with, or given."""
        if isinstance(self.x, PackedSequence):
            return pad_packed_sequence(self.x)[1]
        return None if self.lengths is None else torch.as_tensor(self.lengths).detach().cpu().long().reshape(-1)


@dataclass
class Trace:
    """loss: a number. gradients: of the parameters by name, None where none arrived. inputs, keywords, output: of the
    model's own call (the last, if several: model_calls). module_calls: of its recurrent modules, in order."""

    tape: ModelTape
    loss: float = float("nan")
    gradients: dict[str, Tensor | None] = field(default_factory=dict)
    inputs: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    output: Any = None
    module_calls: list[ModuleCall] = field(default_factory=list)
    model_calls: int = 0

    @property
    def answers(self) -> list[Tensor]:
        """The tensors of numbers in the model's output."""
        return [t for t in tensors_of(self.output) if t.is_floating_point() and t.dim()]

    @property
    def answer(self) -> Tensor | None:
        """The one that the loss is made of: the first that a gradient reached; the first of all where none did."""
        return next((t for t in self.answers if t.requires_grad and t.grad is not None), next(iter(self.answers), None))

    @cached_property
    def runs(self) -> dict[str, list[Tape]]:
        """The recorded calls of every site that ran."""
        return {name: track.calls for name, track in self.tape.items() if track.calls}

    @cached_property
    def modules(self) -> list[list[ModuleCall]]:
        """The calls of each recurrent module, in the order of the modules' first calls."""
        return by_module(self.module_calls)

    @cached_property
    def top(self) -> list[ModuleCall]:
        """The calls of the recurrent module that ran last: the one that the loss reads."""
        last = self.module_calls[-1].module
        return next(calls for calls in self.modules if calls[0].module is last)

    @cached_property
    def steps(self) -> int:
        """T, as the last recurrent module sees it; of a *Cell its calls."""
        return sizes(self.top)[0]

    @cached_property
    def batch_size(self) -> int:
        """B, as the last recurrent module sees it."""
        return sizes(self.top)[1]

    def call_at(self, site: str) -> ModuleCall:
        """The first call of the module that a site of the tape is of."""
        return next(call for call in self.module_calls if site in call.target.names)


def by_module(module_calls: list[ModuleCall]) -> list[list[ModuleCall]]:
    """The calls of each module, in the order of the modules' first calls."""
    calls: dict[int, list[ModuleCall]] = {}
    for call in module_calls:
        calls.setdefault(id(call.module), []).append(call)
    return list(calls.values())


def sizes(calls: list[ModuleCall]) -> tuple[int, int]:
    """(T, B) of the first call of a layer; of a *Cell, the number of its calls is T."""
    steps, batch = calls[0].input_TBI.shape[:2]
    return (len(calls) if calls[0].is_cell else steps), batch
