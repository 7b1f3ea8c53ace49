"""`diagnose`: look at a model on a batch for everything that Carousel knows to go wrong in recurrent networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from warnings import catch_warnings, filterwarnings

import torch
from torch import Tensor, nn

from carousel.common.errors import BadCall
from carousel.introspect.diagnosis.context import Context, Known
from carousel.introspect.diagnosis.diagnosis import Diagnosis
from carousel.introspect.diagnosis.finding import Finding, ModelFacts, NotAssessed
from carousel.introspect.diagnosis.observe.hidden_modules import adopted
from carousel.introspect.diagnosis.observe.one_thread import one_thread
from carousel.introspect.diagnosis.observe.passes import LossFunction, recorded_pass
from carousel.introspect.diagnosis.observe.snapshot import snapshot
from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.diagnosis.precedence import in_order
from carousel.introspect.diagnosis.symptoms import SYMPTOMS


def diagnose(
    model: nn.Module,
    batch: Any,
    loss_fn: LossFunction,
    *,
    optimizer: torch.optim.Optimizer | None = None,
    learning_rate: float | None = None,
    clip_norm: float | None = None,
    causal: bool | None = None,
    lengths: Tensor | None = None,
    dependency: int | None = None,
    continues: bool | None = None,
    train_step: Callable[..., Any] | None = None,
    looking: Callable[[str], None] | None = None,
) -> Diagnosis:
    """Run `loss_fn(model, batch)`, which returns the scalar loss, forward and backward, look inside, and say what is
    wrong, how sure that is, and what could not be assessed. Afterwards the model, its gradients and the random
    generators are what they were. batch: anything that loss_fn takes; lengths and targets are found in its tensors.

    Some symptoms are assessed only with more. optimizer (or learning_rate, for plain SGD): whether its steps are too
    long. clip_norm: whether clipping is always active. causal: True where an output must not depend on later inputs
    (next-step targets are recognised without). lengths: [B], where neither the module nor the batch has them.
    dependency: steps between what matters and where it is asked for. continues: True where each batch goes on where the
    last one ended, so that a carried state is right. train_step: one step of the training as it is done, a function of
    nothing, of (batch), (model, batch), (model, batch, optimizer) or (model, batch, loss_fn, optimizer), or of
    arguments by these names; what it changes is put back. looking: called with the name of each symptom before it is
    looked for, to show how far it is.

    Raises BadCall for a model without recurrent parts, a loss that is none, and a batch with NaN.
    """
    known = Known(optimizer, learning_rate, clip_norm, causal, lengths, dependency, continues, train_step)
    findings: list[Finding] = []
    not_assessed: list[NotAssessed] = []
    with adopted(model) as hidden, one_thread(model), snapshot(model, loss_fn), torch.enable_grad(), catch_warnings():
        filterwarnings("ignore", message="Using a target size")  # `loss-wiring` says it
        trace = recorded_pass(model, batch, loss_fn)
        if not trace.module_calls:
            raise BadCall("loss_fn ran none of the model's recurrent modules", fix="call model(...) in loss_fn")
        _check_numbers(batch, trace.loss)
        context = Context(model, batch, loss_fn, known, trace, hidden)
        for symptom in SYMPTOMS:
            if looking is not None:
                looking(symptom.id)
            found = symptom.look(context)
            if isinstance(found, NotAssessed):
                not_assessed.append(found)
            else:
                findings += found
        return Diagnosis(in_order(findings), tuple(not_assessed), len(SYMPTOMS), trace.tape, _facts(context))


def _check_numbers(batch: Any, loss: float) -> None:
    """NaN that the loss has taken in from the batch is a fault of the data, and hides every other."""
    if loss != loss and any(t.is_floating_point() and bool(t.isnan().any()) for t in tensors_of(batch)):
        raise BadCall("the batch holds NaN, and the loss is NaN", fix="fill or drop what is missing before training")


def _facts(context: Context) -> ModelFacts:
    parameters = sum(p.numel() for p in context.model.parameters())
    trace = context.trace
    return {
        "model": type(context.model).__name__, "parameters": f"{parameters:,}", "steps": str(trace.steps),
        "batch": str(trace.batch_size), "loss": f"{trace.loss:.4g}",
    }  # fmt: skip
