"""The loss counts answers at padded steps."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from carousel.common.shapes import valid_steps
from carousel.introspect.diagnosis.code_names import percent
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.lengths import Lengths, sequence_lengths
from carousel.introspect.diagnosis.facts.loss_mask import loss_mask
from carousel.introspect.diagnosis.facts.operations import loss_calls
from carousel.introspect.diagnosis.facts.output_usage import output_has_time
from carousel.introspect.diagnosis.finding import Confidence, Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.observe.perturbation import Refused
from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.user_lines import called_name, changed, with_keyword

NOTED = 0.01  # of the loss's terms: a batch of nearly equal lengths; worth knowing, no more
HALF = 0.5  # of the loss's terms: more of it speaks of padding than of data


@final
class PaddingInLoss(Symptom):
    """Measured: the steps at which the loss's derivative with respect to the model's own output, one answer for each
    step, is not 0, against the true lengths. A masked loss has exactly 0 at padding. Found where any is left: info
    below one hundredth of the loss's terms, critical from a half, where padding outweighs the data, else a warning.
    Answers that are read at one step of each sequence are judged by padded-read.
    """

    id = "padding-in-loss"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        lengths, answer = sequence_lengths(context), context.trace.answer
        if lengths is None:
            return self.not_assessed("no_lengths")
        if answer is None:
            return self.not_assessed("not_called" if not context.trace.model_calls else "no_axes")
        if context.trace.model_calls > 1:
            return self.not_assessed("called_often", count=str(context.trace.model_calls))
        if answer.grad is None or not output_has_time(context):
            return []
        try:
            counted = loss_mask(context, answer.grad.detach())
        except Refused as error:
            return self.not_assessed("refused", why=str(error))
        if counted is None or int(counted.sum(0).max()) <= 1:
            return []
        valid = valid_steps(lengths.values, len(counted))
        wrong = counted & ~valid
        return [self._finding(context, lengths, wrong, counted)] if bool(wrong.any()) else []

    def _finding(self, context: Context, lengths: Lengths, wrong: Tensor, counted: Tensor) -> Finding:
        share = float(wrong.sum() / counted.sum())
        severity: Severity = "critical" if share >= HALF else "warning" if share >= NOTED else "info"
        sure: Confidence = "medium" if lengths.source == "padding" else "high"
        values = {
            "share": percent(share), "padded": str(int(wrong.sum())), "terms": str(int(counted.sum())),
            "steps": str(len(counted)), "batch": str(counted.shape[1]),
        }  # fmt: skip
        return Finding(self.id, severity, sure, _fix(context, lengths, len(counted)), values)


def _fix(context: Context, lengths: Lengths, steps: int) -> str:
    """ignore_index where the targets at padding, or the tokens that are their own targets, are one whole number that
    occurs nowhere else; else a mask."""
    given = {id(t) for t in tensors_of([context.trace.inputs, context.trace.keywords])}
    targets = [t for t in tensors_of(context.batch) if id(t) not in given]
    tokens = tensors_of(context.trace.inputs)[:1]
    for values in (*targets, *tokens):
        index = _padding_number(values, valid_steps(lengths.values, steps))
        if index is not None:
            return _ignoring(context, index)
    return "loss = (losses * mask).sum() / mask.sum()  # losses [B, T]; mask = torch.arange(T) < lengths.unsqueeze(1)"


def _ignoring(context: Context, index: int) -> str:
    """The call of the loss with ignore_index; of a criterion that was made before, the line that sets it."""
    plain = f"loss = nn.functional.cross_entropy(scores, targets, ignore_index={index})"
    call = next((c for c in loss_calls(context) if c.kind in ("cross_entropy", "nll_loss")), None)
    place = None if call is None else call.operation.place
    called = called_name(place)
    if called is not None and called.rpartition(".")[2] in ("cross_entropy", "nll_loss"):
        return changed(place, with_keyword("ignore_index", index), plain)
    is_object = called is not None and called.isidentifier()
    return (
        f"{called}.ignore_index = {index}  # before training; or ignore_index={index} where it is made"
        if is_object
        else plain
    )


def _padding_number(values: Tensor, valid_TB: Tensor) -> int | None:
    """The whole number that is at padding and nowhere else."""
    if values.dim() != 2 or values.is_floating_point() or values.dtype == torch.bool:
        return None
    for turned in (values.T.cpu(), values.cpu()):
        if turned.shape == valid_TB.shape:
            padded, true = set(turned[~valid_TB].tolist()), set(turned[valid_TB].tolist())
            if len(padded) == 1 and not padded & true:
                return int(padded.pop())
    return None
