"""Why no gradient reaches a recurrent module, or its recurrent weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from carousel.introspect.diagnosis.code_names import code_name
from carousel.introspect.diagnosis.context import Patient
from carousel.introspect.diagnosis.facts.statefulness import first_calls
from carousel.introspect.diagnosis.observe.cloned_parameters import apart
from carousel.introspect.diagnosis.observe.snapshot import untouched
from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.diagnosis.observe.trace import Visit, glimpse

_SHAKE = 0.1  # noise on the weights behind, which wakes a gradient that is 0 only because they are


class Unused(NamedTuple):
    """form: of the evidence. steps: of one call; calls: how many. place: the suffix of a direction that is unused
    alone, which makes it half of the module."""

    form: str
    fix: str
    steps: int
    calls: int
    site: str = ""

    @property
    def half(self) -> bool:
        """Whether the rest of the module is used."""
        return self.form == "half"


class Flat(Exception):
    """No weight of the whole model gets a gradient: the loss is constant, whatever the recurrence does."""


def silent(module: nn.Module) -> bool:
    """Whether nothing of it is meant to learn."""
    return not any(p.requires_grad for p in module.parameters())


def unused(patient: Patient, calls: list[Visit]) -> Unused | None:
    """What is unused of a module that was called; None where all of it learns."""
    module, name = calls[0].module, code_name(calls[0].name)
    recurrent, others = _gradients(patient, module, "weight_hh"), _gradients(patient, module, "weight_ih", "bias")
    if silent(module) or not recurrent:
        return None
    steps, count = len(patient.module_input(calls[0])), len(calls)
    everything = {**recurrent, **others}
    if not _any(everything.values()):
        if not _any(patient.seen.gradients.values()):
            raise Flat
        if _asleep(patient, module) or _dead(calls):
            return None
        cut = all(gradient is None for gradient in everything.values())
        graph = any(state.requires_grad for visit in calls for state in visit.final)
        fix = f"output, _ = {name}(x)  # " + (
            "and answer from its output, not detached" if graph else "outside torch.no_grad()"
        )
        return Unused("cut" if cut else "zero", fix, steps, count)
    half = _half(recurrent, others)
    if half:
        last = "torch.cat([h_n[-2], h_n[-1]], dim=1)" if module.bidirectional else "h_n[-1]"
        fix = f"features = {last}  # of {name}"
        return Unused("half", fix, steps, count, half)
    if _any(recurrent.values()) or _dead(calls) or _carries(patient, calls):
        return None
    return _without_past(patient, calls, name, steps)


def _without_past(patient: Patient, calls: list[Visit], name: str, steps: int) -> Unused:
    """The recurrent weights alone have no gradient: why."""
    if steps > 1:
        first = bool(getattr(calls[0].module, "batch_first", False))
        return Unused("first", f"last = output[{':, -1' if first else '-1'}]  # of {name}", steps, len(calls))
    if len(calls) > 1:
        cell = calls[0].is_cell
        return Unused("fresh", f"{'state' if cell else 'y, state'} = {name}(x_t, state)", steps, len(calls))
    given = patient.seen.inputs[0] if patient.seen.inputs else None
    fix = f"output, _ = {name}(x)  # x must have the steps on axis {_time_axis(calls[0])}; it has {steps} there"
    if isinstance(given, Tensor) and given.dim() == 2 and given.is_floating_point():
        fix = f"output, _ = {name}(x.unsqueeze(-1))  # [B, T, 1]: make it with input_size=1"
    elif isinstance(given, Tensor) and given.shape[0] == 1 and _time_axis(calls[0]) == 0:
        fix = f"{name}.batch_first = True"
    return Unused("one_step", fix, steps, len(calls))


def _time_axis(visit: Visit) -> int:
    return 1 if getattr(visit.module, "batch_first", False) else 0


def _gradients(patient: Patient, module: nn.Module, *kinds: str) -> dict[str, Tensor | None]:
    """The gradients of the module's weights that are meant to learn, by their names in it."""
    names = {id(p): name for name, p in patient.model.named_parameters()}
    own = {name: p for name, p in module.named_parameters() if name.startswith(kinds) and p.requires_grad}
    return {name: patient.seen.gradients[names[id(p)]] for name, p in own.items()}


def _any(gradients: Iterable[Tensor | None]) -> bool:
    return any(gradient is not None and bool((gradient != 0).any()) for gradient in gradients)


def _half(recurrent: dict[str, Tensor | None], others: dict[str, Tensor | None]) -> str:
    """The suffix of the first direction of a layer that no gradient reaches, as "l0_reverse"."""
    everything = {**recurrent, **others}
    for name in recurrent if len(recurrent) > 1 else ():
        suffix = name.removeprefix("weight_hh_")
        if not _any(g for other, g in everything.items() if other.endswith(f"_{suffix}")):
            return suffix
    return ""


def _dead(calls: list[Visit]) -> bool:
    """Whether a ReLU network gives nothing but 0: dead units, a symptom of its own."""
    relu = getattr(calls[0].module, "nonlinearity", "") == "relu"
    return relu and not any(bool(visit.final[0].detach().any()) for visit in calls)


def _carries(patient: Patient, calls: list[Visit]) -> bool:
    """Whether its state comes from outside: given to the model, or kept from the call of loss_fn before."""
    if len(patient.module_input(calls[0])) > 1:
        return False
    told = {id(t) for t in tensors_of([patient.seen.inputs, patient.seen.keywords, patient.batch])}
    if any(id(state) in told for state in calls[0].states):
        return True
    later = first_calls(patient.repeats.passes[-1].visits)
    return any(v.module is calls[0].module and any(bool(s.detach().any()) for s in v.states) for v in later)


def _asleep(patient: Patient, module: nn.Module) -> bool:
    """Whether a gradient arrives once the weights of all other parts are shaken a little."""
    own = set(module.parameters())
    with untouched(patient.model, patient.loss_fn), apart(patient.model) as copies:
        for p, copy in copies.items():
            if p not in own and p.is_floating_point():
                noise = torch.randn(p.shape, generator=patient.generator, dtype=torch.float64)
                copy.data.add_(noise.to(p.device, p.dtype), alpha=_SHAKE)
        loss = glimpse(patient.model, patient.batch, patient.loss_fn).loss
        return _any(torch.autograd.grad(loss, [copies[p] for p in own if p.requires_grad], allow_unused=True))


__all__ = ["Flat", "Unused", "silent", "unused"]
