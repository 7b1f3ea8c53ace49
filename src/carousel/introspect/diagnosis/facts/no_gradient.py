"""Why no gradient reaches a recurrent module, or its recurrent weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from carousel.introspect.diagnosis.code_names import code_name
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.own_lines import with_option, with_state_handed_on, without_detach
from carousel.introspect.diagnosis.facts.statefulness import first_calls, statefulness
from carousel.introspect.diagnosis.observe.cloned_parameters import cloned_parameters
from carousel.introspect.diagnosis.observe.passes import forward_pass
from carousel.introspect.diagnosis.observe.snapshot import snapshot
from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.diagnosis.observe.trace import ModuleCall
from carousel.introspect.record.targets import Target
from carousel.nn.cells import ElmanReLU

SEVERAL = 3  # calls
_SHAKE = 0.1  # noise on the weights behind, which wakes a gradient that is 0 only because they are


class NoGradient(NamedTuple):
    """form: of the evidence. steps: of one call; calls: how many. site: the suffix of a direction that is unused
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


class ConstantLoss(Exception):
    """No weight of the whole model gets a gradient: the loss is constant, whatever the recurrence does."""


def is_frozen(module: nn.Module) -> bool:
    """Whether nothing of it is meant to learn."""
    return not any(p.requires_grad for p in module.parameters())


def no_gradient(context: Context, calls: list[ModuleCall]) -> NoGradient | None:
    """What is unused of a module that was called; None where all of it learns."""
    module, name = calls[0].module, code_name(calls[0].name)
    recurrent, others = _gradients(context, module, "weight_hh"), _gradients(context, module, "weight_ih", "bias")
    if is_frozen(module) or not recurrent:
        return None
    steps, count = len(calls[0].input_TBI), len(calls)
    everything = {**recurrent, **others}
    if not _any(everything.values()):
        if not _any(context.trace.gradients.values()):
            raise ConstantLoss
        if _learns_when_perturbed(context, module) or _dead(calls):
            return None
        cut = all(gradient is None for gradient in everything.values())
        graph = any(tensor.requires_grad for call in calls for tensor in call.returned)
        fix = f"output, _ = {name}(x)  # " + (
            "and answer from its output, not detached" if graph else "outside torch.no_grad()"
        )
        fix = without_detach(context, calls[0], fix) if graph else fix
        return NoGradient("cut" if cut else "zero", fix, steps, count)
    half = _half(calls[0].target, recurrent, others)
    if half:
        last = "torch.cat([h_n[-2], h_n[-1]], dim=1)" if module.bidirectional else "h_n[-1]"
        fix = f"features = {last}  # of {name}"
        return NoGradient("half", fix, steps, count, half)
    if _starts_alike(calls):
        cell = calls[0].is_cell
        plain = f"{'state' if cell else 'y, state'} = {name}(x_t, state)"
        return NoGradient("kept", with_state_handed_on(context, calls[0], plain), steps, count)
    if _any(recurrent.values()) or _dead(calls) or _carries(context, calls):
        return None
    return _without_past(context, calls, name, steps)


def _without_past(context: Context, calls: list[ModuleCall], name: str, steps: int) -> NoGradient:
    """The recurrent weights alone have no gradient: why."""
    if steps > 1:
        return NoGradient(
            "first", f"last = output[{':, -1' if calls[0].batch_first else '-1'}]  # of {name}", steps, len(calls)
        )
    if len(calls) > 1:
        cell = calls[0].is_cell
        plain = f"{'state' if cell else 'y, state'} = {name}(x_t, state)"
        return NoGradient("fresh", with_state_handed_on(context, calls[0], plain), steps, len(calls))
    given = context.trace.inputs[0] if context.trace.inputs else None
    fix = f"output, _ = {name}(x)  # x must have the steps on axis {_time_axis(calls[0])}; it has {steps} there"
    if isinstance(given, Tensor) and given.dim() == 2 and given.is_floating_point():
        fix = f"output, _ = {name}(x.unsqueeze(-1))  # [B, T, 1]: make it with input_size=1"
    elif isinstance(given, Tensor) and given.shape[0] == 1 and _time_axis(calls[0]) == 0:
        fix = with_option(context.model, calls[0].name, "batch_first", True, f"{name}.batch_first = True")
    return NoGradient("one_step", fix, steps, len(calls))


def _starts_alike(calls: list[ModuleCall]) -> bool:
    """Whether it takes one step a call, several times, each from the very same state that some part has made."""
    states = [call.states for call in calls]
    if len(calls) < SEVERAL or not states[0] or any(len(call.input_TBI) != 1 for call in calls):
        return False
    same = all(a is b for own in states for a, b in zip(own, states[0], strict=True))
    return same and any(state.requires_grad for state in states[0])


def _time_axis(call: ModuleCall) -> int:
    return 1 if call.batch_first else 0


def _gradients(context: Context, module: nn.Module, *kinds: str) -> dict[str, Tensor | None]:
    """The gradients of the module's weights that are meant to learn, by their names in it."""
    names = {id(p): name for name, p in context.model.named_parameters()}
    own = {
        name: p
        for name, p in module.named_parameters()
        if name.rpartition(".")[2].startswith(kinds) and p.requires_grad
    }
    return {name: context.trace.gradients[names[id(p)]] for name, p in own.items()}


def _any(gradients: Iterable[Tensor | None]) -> bool:
    return any(gradient is not None and bool((gradient != 0).any()) for gradient in gradients)


def _half(target: Target, recurrent: dict[str, Tensor | None], others: dict[str, Tensor | None]) -> str:
    """The first site, a direction of a layer, that no gradient reaches, as "l0_reverse"."""
    everything = {**recurrent, **others}
    for site in target.sites if len(recurrent) > 1 else ():
        own = [target.parameter(site, kind) for kind in ("weight_hh", "weight_ih", "bias_ih", "bias_hh")]
        if own[0] in recurrent and not _any(everything.get(name) for name in own):
            return site
    return ""


def _dead(calls: list[ModuleCall]) -> bool:
    """Whether a ReLU network gives nothing but 0: dead units, a symptom of its own."""
    return calls[0].target.cell is ElmanReLU and not any(bool(call.returned[0].detach().any()) for call in calls)


def _carries(context: Context, calls: list[ModuleCall]) -> bool:
    """Whether its state comes from outside: given to the model, or kept from the call of loss_fn before."""
    if len(calls[0].input_TBI) > 1:
        return False
    given = {id(t) for t in tensors_of([context.trace.inputs, context.trace.keywords, context.batch])}
    if any(id(state) in given for state in calls[0].states):
        return True
    later = first_calls(statefulness(context).passes[-1].module_calls)
    return any(v.module is calls[0].module and any(bool(s.detach().any()) for s in v.states) for v in later)


def _learns_when_perturbed(context: Context, module: nn.Module) -> bool:
    """Whether a gradient arrives once the weights of all other parts are shaken a little."""
    own = set(module.parameters())
    with snapshot(context.model, context.loss_fn), cloned_parameters(context.model) as copies:
        for p, copy in copies.items():
            if p not in own and p.is_floating_point():
                noise = torch.randn(p.shape, generator=context.generator, dtype=torch.float64)
                copy.data.add_(noise.to(p.device, p.dtype), alpha=_SHAKE)
        loss = forward_pass(context.model, context.batch, context.loss_fn).loss
        return _any(torch.autograd.grad(loss, [copies[p] for p in own if p.requires_grad], allow_unused=True))
