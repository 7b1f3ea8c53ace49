"""The last operation of the model keeps its answers away from the targets."""

from __future__ import annotations

import math
from typing import final

from carousel.introspect.diagnosis.code_names import percent
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.operations import DISTANCES, LossCall, loss_calls, operations
from carousel.introspect.diagnosis.finding import Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.observe.operations import Operation, Source
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.user_lines import changed, without_call

SOME, MANY = 0.05, 0.2  # of the targets: a few may be outliers
EDGE = 1e-4
#: What an operation can give at most: (low, high).
RANGES = {
    "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "hardsigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0),
    "relu": (0.0, math.inf), "relu6": (0.0, 6.0), "softplus": (0.0, math.inf), "exp": (0.0, math.inf),
    "hardtanh": (-1.0, 1.0), "softsign": (-1.0, 1.0), "logsigmoid": (-math.inf, 0.0),
    "log_softmax": (-math.inf, 0.0), "elu": (-1.0, math.inf), "square": (0.0, math.inf), "abs": (0.0, math.inf),
    "selu": (-1.76, math.inf), "celu": (-1.0, math.inf),
}  # fmt: skip
#: A recurrent module's own output is o * tanh(c), or tanh.
RECURRENT = ("lstm", "gru", "rnn_tanh", "lstm_cell", "gru_cell", "rnn_tanh_cell")
BOUNDED_SCORES = ("tanh", "relu", "relu6", "hardtanh", "softsign", "abs", "square", "exp", "softplus")
SCORED = ("cross_entropy", "binary_cross_entropy_with_logits")


@final
class AnswerOutOfReach(Symptom):
    """Measured: what operation the answers come out of, as they enter the loss, and the targets. Found where a softmax
    runs over a single unit, which makes every answer, or every weight of an attention, 1 (critical); where a twentieth
    of the targets or more lie outside what the operation can give, the recurrent module's own tanh included (critical
    from a fifth); and where scores of a classification come out of a ReLU or tanh, so that some class can never be
    ruled out (a warning).
    """

    id = "answer-out-of-reach"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        calls = loss_calls(context)
        for call in calls:
            found = self._of(call)
            if found is not None:
                return [found]
        alone = next((each for each in operations(context) if _weighs_one(each)), None)
        return [] if alone is None else [self._one_weight(alone)]

    def _one_weight(self, operation: Operation) -> Finding:
        plain = "weights = torch.softmax(scores, dim=1)  # scores [B, T, 1]: over the steps"
        values = {"shape": str(list(operation.outputs[0].shape))}
        return Finding(self.id, "critical", "high", plain, values, form="one_weight")

    def _of(self, call: LossCall) -> Finding | None:
        source = call.operation.source(call.answer)
        if _is_of_one_unit(call, source):
            plain = "answers = torch.sigmoid(scores)  # one unit; or two units with cross_entropy"
            fix = plain if source is None else changed(source.operation.place, _as_sigmoid, plain)
            return Finding(self.id, "critical", "high", fix, {"loss": call.kind}, form="one_unit")
        if source is None or not call.target.numel():
            return None
        if call.kind in SCORED and source.name in BOUNDED_SCORES:
            return self._finding(source, "warning", "scores", {"by": source.name, "loss": call.kind})
        limits = _limits(source)
        if limits is None or call.kind not in DISTANCES:
            return None
        target = call.target.detach()
        target = target[target.isfinite()]
        share = float(((target < limits[0] - EDGE) | (target > limits[1] + EDGE)).double().mean())
        if not share >= SOME:
            return None
        values = {
            "by": source.name, "low": f"{limits[0]:g}", "high": f"{limits[1]:g}", "share": percent(share),
            "least": f"{float(target.min()):.4g}", "most": f"{float(target.max()):.4g}",
        }  # fmt: skip
        form = "recurrent" if source.name in RECURRENT else "range"
        return self._finding(source, "critical" if share >= MANY else "warning", form, values)

    def _finding(self, source: Source, severity: Severity, form: str, values: dict[str, str]) -> Finding:
        plain = f"answers = head(features)  # without {source.name}"
        if form == "recurrent":
            plain = "self.head = torch.nn.Linear(hidden_size, targets)  # and in forward: answers = self.head(output)"
        fix = plain if form == "recurrent" else changed(source.operation.place, without_call, plain)
        return Finding(self.id, severity, "high", fix, values, form=form)


def _weighs_one(operation: Operation) -> bool:
    """A softmax within the model over the only unit of a linear layer."""
    if operation.name != "softmax" or not operation.inside or not operation.inputs:
        return False
    scores = operation.inputs[0]
    axis = operation.keywords.get("dim", operation.given[1] if len(operation.given) > 1 else None)
    source = operation.source(scores)
    last = axis in (-1, scores.dim() - 1) and scores.shape[-1] == 1 < scores[0].numel()
    return last and source is not None and source.name == "linear" and source.tensor.shape[-1] == 1


def _limits(source: Source) -> tuple[float, float] | None:
    """What the answers can be at most; None where nothing bounds them: a cell state, a product with a number."""
    operation = source.operation
    if operation.name in RECURRENT:
        states = operation.outputs
        return None if operation.name.startswith("lstm") and states[-1] is source.tensor else (-1.0, 1.0)
    return RANGES.get(operation.name)


def _is_of_one_unit(call: LossCall, source: Source | None) -> bool:
    if call.kind == "cross_entropy" and call.answer.shape[min(1, call.answer.dim() - 1)] == 1:
        return True
    if source is None or source.name not in ("softmax", "log_softmax") or source.tensor.numel() == 0:
        return False
    constant = 1.0 if source.name == "softmax" else 0.0
    return bool((source.tensor.detach() == constant).all()) and 1 in source.tensor.shape[_softmax_axis(source) :][:1]


def _softmax_axis(source: Source) -> int:
    operation: Operation = source.operation
    axis = operation.keywords.get("dim", operation.given[1] if len(operation.given) > 1 else -1)
    return (axis if isinstance(axis, int) else -1) % max(source.tensor.dim(), 1)


def _as_sigmoid(expression: str) -> str | None:
    inner = without_call(expression)
    return None if inner is None else f"torch.sigmoid({inner})"
