"""A few real steps of training on clones of a model's parameters: what the loss does at a learning rate."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.observe.cloned_parameters import cloned_parameters
from carousel.introspect.diagnosis.observe.passes import checked_loss
from carousel.introspect.diagnosis.observe.snapshot import snapshot

STILL = 1e-6  # of the loss, over a few steps; float32 tells a tenth of that
FAR_BELOW = 10
LEARNED = 0.5  # of the loss of an answer that depends on no input


def losses_at(context: Context, factor: float, steps: int, clipped: bool = True) -> list[float]:
    """The loss on this batch before each of so many steps and after the last, at `factor` times the rate given;
    shorter where it stops being finite. Every pass draws the same random numbers (dropout), so that what changes is the
    parameters' doing alone; gradients are clipped where `clip_norm` is given, unless told otherwise."""
    found: list[float] = []
    with snapshot(context.model, context.loss_fn), cloned_parameters(context.model) as copies, denormals_flushed():
        optimiser, drawn = _copied(context, factor, copies), torch.get_rng_state()
        for _ in range(steps + 1):
            torch.set_rng_state(drawn)
            optimiser.zero_grad()
            loss = checked_loss(context.loss_fn(context.model, context.batch))
            found.append(loss.item())
            if not math.isfinite(found[-1]):
                break
            loss.backward()
            if clipped and context.known.clip_norm is not None:
                nn.utils.clip_grad_norm_(copies.values(), context.known.clip_norm)
            optimiser.step()
    return found


def stands_still(losses: list[float]) -> bool:
    """Whether the steps changed next to nothing: at this pace one per cent takes tens of thousands of them."""
    return all(map(math.isfinite, losses)) and max(losses) - min(losses) <= STILL * max(map(abs, losses))


def is_warming_up(optimizer: torch.optim.Optimizer) -> bool:
    """Whether a schedule holds some rate far below the one that it was made with, at its start or its end."""
    return any(FAR_BELOW * group["lr"] < group.get("initial_lr", 0.0) for group in optimizer.param_groups)


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Numbers too small for full precision are 0 in the block: they take up to twenty times as long, and nothing here
    depends on them. torch does not say how it was set, so it is tried with such a number."""
    before = bool((torch.full((1,), 1e-310, dtype=torch.float64) * 1.0 == 0).item())
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def zero_parameter_loss(context: Context) -> float:
    """The loss on this batch with every parameter 0: what an answer that depends on no input costs."""
    with snapshot(context.model, context.loss_fn), cloned_parameters(context.model) as copies, torch.no_grad():
        for parameter in copies.values():
            parameter.zero_()
        return float(context.loss_fn(context.model, context.batch))


@fact
def has_learned(context: Context) -> bool:
    """Whether the loss is far below what an answer that depends on no input costs: then the model works, whatever it
    looks like inside."""
    constant = zero_parameter_loss(context)
    return math.isfinite(constant) and context.trace.loss < LEARNED * constant


def can_be_rebuilt(optimizer: torch.optim.Optimizer, model: nn.Module) -> bool:
    """Whether its class takes its groups alone, and steps without a closure; and whether it trains this model alone."""
    own = set(model.parameters())
    if not all(p in own for group in optimizer.param_groups for p in group["params"]):
        return False
    return type(optimizer).__module__.startswith("torch.optim") and not isinstance(optimizer, torch.optim.LBFGS)


def is_new(optimizer: torch.optim.Optimizer) -> bool:
    """Whether it lacks the history that it works with; plain SGD works with none."""
    needs_none = isinstance(optimizer, torch.optim.SGD) and not any(g["momentum"] for g in optimizer.param_groups)
    return not optimizer.state and not needs_none


def _copied(context: Context, factor: float, copies: dict[nn.Parameter, nn.Parameter]) -> torch.optim.Optimizer:
    """The same kind of optimiser with its settings, groups and history, on the copies."""
    given, rate = context.known.optimizer, context.known.learning_rate
    if given is None:
        assert rate is not None
        return torch.optim.SGD(copies.values(), rate * factor)
    groups: list[dict[str, Any]] = [
        {**group, "lr": group["lr"] * factor, "params": [copies.get(p, p) for p in group["params"]]}
        for group in given.param_groups
    ]
    copied = type(given)(groups)  # type: ignore[call-arg]
    for parameter, history in given.state.items():
        own: Any = parameter
        copied.state[copies.get(own, own)] = copy.deepcopy(history)
    return copied
