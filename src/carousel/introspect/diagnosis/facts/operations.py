"""The operations of one pass of the loss, and what follows from them: who made a number, and which losses were
called."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.observe.operations import Operation, OperationLog, Watching
from carousel.introspect.diagnosis.observe.perturbation import as_refusal
from carousel.introspect.diagnosis.observe.snapshot import detach_states, snapshot
from carousel.introspect.record.in_place import forward_of, in_place_of

#: torch's losses: name -> the names of its answer and target.
LOSSES = {
    "cross_entropy": ("input", "target"), "nll_loss": ("input", "target"), "mse_loss": ("input", "target"),
    "l1_loss": ("input", "target"), "smooth_l1_loss": ("input", "target"), "huber_loss": ("input", "target"),
    "binary_cross_entropy": ("input", "target"), "binary_cross_entropy_with_logits": ("input", "target"),
    "kl_div": ("input", "target"), "gaussian_nll_loss": ("input", "target"), "ctc_loss": ("log_probs", "targets"),
    "poisson_nll_loss": ("input", "target"),
}  # fmt: skip
#: torch's recurrences.
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
DISTANCES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "gaussian_nll_loss", "residual")


class LossCall(NamedTuple):
    """A call of one of torch's losses; or "residual": answer minus target, as a loss written by hand has it."""

    kind: str
    operation: Operation
    answer: Tensor
    target: Tensor
    options: dict[str, Any]


@fact
def operations(context: Context) -> OperationLog:
    """Of one forward pass of the loss, in the model's own mode. Raises Refused where it fails."""
    log = OperationLog()
    with snapshot(context.model, context.loss_fn), noted(context.model, log) as watching:
        detach_states(context.model, context.loss_fn)
        with watching, as_refusal():
            log.loss = context.loss_fn(context.model, context.batch)
    return log


@fact
def loss_calls(context: Context) -> list[LossCall]:
    """The losses of the pass, in order. Raises Refused."""
    found = (_loss_call(operation) for operation in operations(context))
    return [call for call in found if call is not None]


@contextmanager
def noted(model: torch.nn.Module, log: OperationLog) -> Iterator[Watching]:
    """A watcher that knows when the model's forward is under way."""
    watching, forward = Watching(log), forward_of(model)

    def counted(*inputs: Any, **keywords: Any) -> Any:
        watching.depth += 1
        try:
            return forward(*inputs, **keywords)
        finally:
            watching.depth -= 1

    with in_place_of(model, counted):
        yield watching


def _loss_call(operation: Operation) -> LossCall | None:
    if operation.name in LOSSES:
        bound = inspect.signature(operation.function).bind(*operation.given, **operation.keywords)
        bound.apply_defaults()
        first, second = (bound.arguments[name] for name in LOSSES[operation.name])
        return LossCall(operation.name, operation, first, second, dict(bound.arguments))
    return _residual(operation) if operation.name in ("sub", "rsub", "subtract") and not operation.inside else None


def _residual(operation: Operation) -> LossCall | None:
    """answer - target or target - answer: one depends on parameters, the other is data of as many axes or numbers."""
    given = operation.inputs
    if len(given) != 2 or given[0].requires_grad == given[1].requires_grad or min(t.numel() for t in given) < 2:
        return None
    answer, target = given if given[0].requires_grad else given[::-1]
    return LossCall("residual", operation, answer, target, {})
