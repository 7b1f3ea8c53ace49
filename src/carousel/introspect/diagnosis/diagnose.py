"""`diagnose`: look at a model on a batch for everything that the house knows to go wrong in recurrent networks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from carousel.common.errors import BadCall
from carousel.introspect.diagnosis.context import Known, Patient
from carousel.introspect.diagnosis.diagnosis import Diagnosis, ranked
from carousel.introspect.diagnosis.finding import Finding, Unseen
from carousel.introspect.diagnosis.observe.snapshot import untouched
from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.diagnosis.observe.trace import LossFunction, observe
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
) -> Diagnosis:
    """Run `loss_fn(model, batch)`, which returns the scalar loss, forward and backward, look inside, and say what is
    wrong, how sure that is, and what could not be seen. The model, its gradients and torch's generator are untouched
    afterwards. batch: anything that loss_fn takes; its tensors are looked at for lengths and targets.

    Some symptoms need to be told more. optimizer (or learning_rate, for plain SGD): whether its steps are too long.
    clip_norm: whether clipping is always active. causal: True where an output must not depend on later inputs
    (next-step targets are recognised without). lengths: [B], where neither the module nor the batch tells them.
    dependency: steps between what matters and where it is asked for. continues: True where each batch goes on where the
    last one ended, so that a carried state is right.

    Raises BadCall for a model without recurrent parts, a loss that is none, and a batch with NaN.
    """
    known = Known(optimizer, learning_rate, clip_norm, causal, lengths, dependency, continues)
    findings: list[Finding] = []
    unseen: list[Unseen] = []
    with untouched(model, loss_fn), torch.enable_grad():
        seen = observe(model, batch, loss_fn)
        if not seen.visits:
            raise BadCall("loss_fn ran none of the model's recurrent modules", fix="call model(...) in loss_fn")
        _check_numbers(batch, seen.loss)
        patient = Patient(model, batch, loss_fn, known, seen)
        for symptom in SYMPTOMS:
            found = symptom.examine(patient)
            if isinstance(found, Unseen):
                unseen.append(found)
            else:
                findings += found
        return Diagnosis(ranked(findings), tuple(unseen), len(SYMPTOMS), seen.tape, _facts(patient))


def _check_numbers(batch: Any, loss: float) -> None:
    """NaN that the loss has taken in from the batch is a fault of the data, and hides every other."""
    if loss != loss and any(t.is_floating_point() and bool(t.isnan().any()) for t in tensors_of(batch)):
        raise BadCall("the batch holds NaN, and the loss is NaN", fix="fill or drop what is missing before training")


def _facts(patient: Patient) -> dict[str, str]:
    parameters = sum(p.numel() for p in patient.model.parameters())
    return {
        "model": type(patient.model).__name__, "parameters": f"{parameters:,}", "steps": str(patient.steps),
        "batch": str(patient.batch_size), "loss": f"{patient.seen.loss:.4g}",
    }  # fmt: skip
