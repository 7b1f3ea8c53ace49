"""A model under examination: one observation, and what follows from it, each found out once when first asked for."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from carousel.introspect.diagnosis.facts.layout import Layout, layouts
from carousel.introspect.diagnosis.facts.lengths import Lengths, lengths_in
from carousel.introspect.diagnosis.facts.output_usage import Reads, reads_of
from carousel.introspect.diagnosis.facts.statefulness import Repeats, repeated
from carousel.introspect.diagnosis.observe.perturbation import Probe, Refused
from carousel.introspect.diagnosis.observe.state_walk import names_of, tensors_of
from carousel.introspect.diagnosis.observe.trace import LossFunction, Observation, Visit, by_module
from carousel.nn.kernels import Tape


@dataclass(frozen=True)
class Known:
    """What the caller may tell beyond model, batch and loss; None where they do not.

    optimizer: the torch optimiser of the training; or learning_rate, for plain SGD. clip_norm: the norm gradients are
    clipped to. causal: True where no output may depend on later inputs. lengths: [B]. dependency: how many steps lie
    between what matters and where it is asked for. continues: True where each batch goes on where the last one ended.
    """

    optimizer: torch.optim.Optimizer | None = None
    learning_rate: float | None = None
    clip_norm: float | None = None
    causal: bool | None = None
    lengths: Tensor | None = None
    dependency: int | None = None
    continues: bool | None = None


@dataclass(eq=False)
class Patient:
    """model, batch, loss_fn as given; seen: the recorded pass; generator: of every random number."""

    model: nn.Module
    batch: Any
    loss_fn: LossFunction
    known: Known
    seen: Observation
    generator: torch.Generator = field(default_factory=lambda: torch.Generator().manual_seed(0))

    @cached_property
    def runs(self) -> dict[str, list[Tape]]:
        """The recorded calls of every site that ran."""
        return {name: track.calls for name, track in self.seen.tape.items() if track.calls}

    @cached_property
    def modules(self) -> list[list[Visit]]:
        """The calls of each recurrent module, in the order of the modules' first calls."""
        return by_module(self.seen.visits)

    @cached_property
    def top(self) -> list[Visit]:
        """The calls of the recurrent module that ran last: the one that the loss reads."""
        last = self.seen.visits[-1].module
        return next(calls for calls in self.modules if calls[0].module is last)

    @cached_property
    def steps(self) -> int:
        """T, as the last recurrent module sees it; of a *Cell its calls."""
        return self.sizes(self.top)[0]

    @cached_property
    def batch_size(self) -> int:
        """B, as the last recurrent module sees it."""
        return self.sizes(self.top)[1]

    def sizes(self, calls: list[Visit]) -> tuple[int, int]:
        """(T, B) of the first call of a layer; of a *Cell, the number of its calls is T."""
        steps, batch = self.module_input(calls[0]).shape[:2]
        return (len(calls) if calls[0].is_cell else steps), batch

    @cached_property
    def lengths(self) -> Lengths | None:
        """How long the sequences are, where they are of unequal length and something tells so."""
        return self.lengths_of(self.top)

    def lengths_of(self, calls: list[Visit]) -> Lengths | None:
        """The same, as it is for another module than the last."""
        steps, count = self.sizes(calls)
        given = self.known.lengths
        if given is not None and given.shape == (count,):
            return Lengths(given.detach().cpu().long().clamp(1, steps), "given")
        own = self.own_lengths(calls[0])
        if own is not None:
            return Lengths(own, "module") if len(set(own.tolist())) > 1 or int(own.max()) < steps else None
        blank = self.probe.blank if self.probe is not None else frozenset[int]()
        for x in self._inputs_like(calls[0], steps, count):
            found = lengths_in(self.batch, x, self.names, blank)
            if found is not None:
                return found
        return None

    @cached_property
    def names(self) -> dict[int, str]:
        """id of a tensor -> its name in the batch, or as an argument of the model's forward."""
        forward = inspect.signature(type(self.model).forward).parameters
        called = dict(zip(list(forward)[1:], self.seen.inputs, strict=False)) | self.seen.keywords
        return names_of(self.batch) | names_of(called)

    @cached_property
    def reads(self) -> list[Reads | None]:
        """Where the loss reads each call of the last recurrent module."""
        return [self.reads_of(visit) for visit in self.top]

    def reads_of(self, visit: Visit) -> Reads | None:
        """Where the loss reads a call of any layer; None for a *Cell."""
        return reads_of(visit, self.own_lengths(visit), *self.module_input(visit).shape[:2])

    @cached_property
    def read_share(self) -> float:
        """Share of the true steps that the loss reads directly: 1 / T where only the last is."""
        masks = [reads.either for reads in self.reads if reads is not None]
        if not masks:
            return 1.0 if self.output_has_time else 1 / self.steps
        steps = sum(mask.shape[0] * mask.shape[1] for mask in masks)
        if self.lengths is not None:
            steps = int(self.lengths.values.sum()) * len(masks)
        return min(sum(int(mask.sum()) for mask in masks) / steps, 1.0)

    @cached_property
    def output_has_time(self) -> bool:
        """Whether the model's output has an answer for every step, by its shape: [B, T, ...], [T, B, ...], [B, C, T] or
        [B * T, ...]."""
        shape = () if self.seen.answer is None else tuple(self.seen.answer.shape)
        steps, batch = self.steps, self.batch_size
        if shape[:1] == (batch * steps,) and 1 not in (batch, steps):
            return True
        if len(shape) == 2 and shape in ((batch, steps), (steps, batch)):  # may be T classes, unless targets are so too
            given = {id(t) for t in tensors_of([self.seen.inputs, self.seen.keywords])}
            targets = [t for t in tensors_of(self.batch) if id(t) not in given]
            return not targets or any(tuple(t.shape[:2]) in ((batch, steps), (steps, batch)) for t in targets)
        return len(shape) > 2 and (shape[:2] in ((batch, steps), (steps, batch)) or shape[::2] == (batch, steps))

    @cached_property
    def probe(self) -> Probe | None:
        """Repeats the model's own call; None where it cannot be asked, for the reason of `no_probe`."""
        return None if self.no_probe is not None else self._asked

    @cached_property
    def no_probe(self) -> tuple[str, dict[str, str]] | None:
        """Why the model cannot be asked what its output depends on: a key under doctor.unseen, and its values."""
        if self.seen.model_calls != 1:
            often = self.seen.model_calls > 1
            return ("called_often", {"count": str(self.seen.model_calls)}) if often else ("not_called", {})
        if not self.seen.answers:
            return "no_axes", {}
        try:
            if self._asked.x is None:
                return "no_input", {}
            return None if self._asked.base is not None else ("not_repeatable", {})
        except Refused as error:
            return "refused", {"why": str(error)}

    @cached_property
    def _asked(self) -> Probe:
        answer = next((k for k, tensor in enumerate(self.seen.answers) if tensor is self.seen.answer), 0)
        return Probe(self.model, self.seen.inputs, self.seen.keywords, self.generator, answer)

    @cached_property
    def layouts(self) -> list[Layout]:
        """The axes of input and output that may count the samples; empty without a probe. Raises Refused."""
        return [] if self.probe is None else layouts(self.probe)

    @cached_property
    def repeats(self) -> Repeats:
        """`loss_fn(model, batch)` some times more, one after another: what is carried from call to call shows. Raises
        Refused where the repeated call fails."""
        return repeated(self.model, self.batch, self.loss_fn)

    def module_input(self, visit: Visit) -> Tensor:
        """x [T, B, I] of a call of a layer, time first, zeros at padding; [1, B, I] of a *Cell."""
        x = visit.x
        if isinstance(x, PackedSequence):
            return pad_packed_sequence(x)[0].detach()
        if visit.is_cell:
            return x.detach().reshape(1, -1, x.shape[-1])
        if x.dim() == 2:
            return x.detach().unsqueeze(1)
        return x.detach().transpose(0, 1) if visit.module.batch_first else x.detach()

    def own_lengths(self, visit: Visit) -> Tensor | None:
        """The lengths that a module was packed with, or given."""
        if isinstance(visit.x, PackedSequence):
            return pad_packed_sequence(visit.x)[1]
        return None if visit.lengths is None else torch.as_tensor(visit.lengths).detach().cpu().long().reshape(-1)

    def _inputs_like(self, visit: Visit, steps: int, count: int) -> Iterator[Tensor]:
        """What may show padding, time first: the model's own inputs (the batch's where the model was not called as a
        whole) that have these steps and sequences, then the module's."""
        given = tensors_of([self.seen.inputs, self.seen.keywords] if self.seen.model_calls else self.batch)
        turned = [x for t in given if t.dim() in (2, 3) and t.dtype != torch.bool for x in (t, t.transpose(0, 1))]
        if getattr(visit.module, "batch_first", True):  # where T == B both fit: the more likely first
            turned = turned[1::2] + turned[::2]
        yield from (x for x in turned if tuple(x.shape[:2]) == (steps, count))
        if not visit.is_cell:
            yield self.module_input(visit)
