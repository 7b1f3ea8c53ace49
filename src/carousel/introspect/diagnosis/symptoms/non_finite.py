"""An operation makes an infinity or NaN."""

from __future__ import annotations

from typing import Any, final

import torch

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.first_non_finite import SOFTMAX, Culprit, first_non_finite
from carousel.introspect.diagnosis.facts.operations import RECURRENT
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.operations import Operation
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.user_lines import changed, with_argument

_LOGS = ("log", "log2", "log10", "logit", "xlogy")
_ROOTS = ("sqrt", "rsqrt", "norm", "linalg_vector_norm", "vector_norm", "std", "cdist", "pairwise_distance")
_DIVISIONS = ("div", "truediv", "rdiv", "rtruediv", "reciprocal", "divide", "true_divide")
_MEANS = ("mean", "cross_entropy", "nll_loss", "mse_loss", "l1_loss", "smooth_l1_loss", "binary_cross_entropy")


@final
class NonFinite(Symptom):
    """Measured: where loss or gradients are not finite, every operation of the pass, from the loss back to the first
    whose inputs are finite and whose output, or derivative, is not. Minus infinity that a mask puts before a softmax is
    meant, unless it leaves a whole row empty. Where it begins in the recurrence itself, `exploding` has it. Critical.
    """

    id = "non-finite"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        culprit = first_non_finite(context)
        if culprit is None or culprit.operation.name in RECURRENT:
            return []
        form, values, fix = _cause(culprit)
        place = culprit.operation.place
        shared = {"operation": culprit.operation.name, "where": place.shown if place else culprit.operation.name}
        return [Finding(self.id, "critical", "high", fix, shared | values, form=form)]


def _cause(culprit: Culprit) -> tuple[str, dict[str, str], str]:
    """(form, values, fix)."""
    operation, name = culprit.operation, culprit.operation.name
    if name == "ctc_loss":
        return _ctc(operation)
    if name in SOFTMAX:
        return "empty_row", {}, "mask[:, 0] = True  # or leave the row out: a softmax needs one step that is not masked"
    if name in _LOGS:
        plain = "answers = torch.log(probabilities.clamp_min(1e-8))  # better: log_softmax of the scores"
        return "log", {}, changed(operation.place, _clamped(operation), plain)
    if name in ("exp", "expm1", "pow", "square", "sinh", "cosh"):
        largest = max((float(t.detach().abs().max()) for t in operation.inputs if t.numel()), default=0.0)
        plain = "log_variance = log_variance.clamp(-10, 10)  # before exp()"
        return "overflow", {"largest": f"{largest:.4g}"}, changed(operation.place, _bounded(operation), plain)
    if name in _DIVISIONS:
        plain = "ratio = sum / count.clamp(min=1)"
        return "division", {}, changed(operation.place, with_argument(1, "({0}).clamp(min=1e-8)"), plain)
    if name in _ROOTS:
        plain = "distance = (squares.sum(-1) + 1e-8).sqrt()"
        return ("root" if culprit.backward else "negative_root"), {}, plain
    if name in _MEANS and not culprit.backward:
        return "empty_mean", {}, "loss = losses[mask].sum() / mask.sum().clamp(min=1)"
    return "backward" if culprit.backward else "evidence", {}, "torch.autograd.set_detect_anomaly(True)"


def _ctc(operation: Operation) -> tuple[str, dict[str, str], str]:
    """The target, with a blank between equal labels, must not be longer than the input."""
    given = dict(zip(("log_probs", "targets", "input_lengths", "target_lengths"), operation.given, strict=False))
    given |= operation.keywords
    steps, labels = _whole(given["input_lengths"]), _whole(given["target_lengths"])
    concerned = int((labels > steps).sum()) if labels.shape == steps.shape else 0
    values = {"concerned": str(concerned), "count": str(len(labels)), "steps": str(int(steps.min())),
              "labels": str(int(labels.max()))}  # fmt: skip
    fix = (
        "keep = target_lengths <= input_lengths  # leave the others out, or shorten the input less; zero_infinity=True"
    )
    return "ctc", values, fix


def _whole(lengths: Any) -> torch.Tensor:
    return torch.as_tensor(lengths).reshape(-1).cpu().long()


def _clamped(operation: Operation) -> Any:
    return _on_argument(operation, "{0}.clamp_min(1e-8)")


def _bounded(operation: Operation) -> Any:
    return _on_argument(operation, "{0}.clamp(-10, 10)")


def _on_argument(operation: Operation, template: str) -> Any:
    """torch.log(p), or p.log()."""

    def change(expression: str) -> str | None:
        method = f".{operation.name}()"
        if expression.endswith(method):
            return template.format(expression.removesuffix(method)) + method
        return with_argument(0, template)(expression) if operation.name in expression else None

    return change
