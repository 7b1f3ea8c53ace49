"""The loss is computed from what it does not mean: other numbers, other shapes, another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, final

import torch
from torch import Tensor

from carousel.introspect.diagnosis.code_names import percent
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.class_axis import torn_rows
from carousel.introspect.diagnosis.facts.operations import DISTANCES, LossCall, loss_calls, operations
from carousel.introspect.diagnosis.facts.sample_order import sample_order
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.operations import Operation
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.user_lines import changed, reshaped, with_argument, without_call

SUM = 0.02  # by which a row of probabilities may miss 1: a small number added before a logarithm
MOST = 0.5  # of the rows: those of padding may hold anything
SQUASHES = ("softmax", "sigmoid")


class Wrong(NamedTuple):
    """form: of the evidence. values: of its text. fix: a line."""

    form: str
    values: dict[str, str]
    fix: str


@final
class LossWiring(Symptom):
    """Measured: torch's losses, and differences of an answer and data outside the model, as they are called. Found
    where the shapes of answer and target differ so that both are stretched against each other, or one answer
    against several targets; where cross-entropy,
    which takes scores, gets numbers that are probabilities (rows that sum to 1, or the output of a softmax or
    sigmoid); where a likelihood, which takes logarithms of probabilities, gets rows whose exponentials do not sum to
    1 (in most rows); where targets that are read as probabilities are none; where a reshape on the way from the head
    puts numbers of several of its rows into one answer's classes. And where the
    model keeps its samples apart and yet the loss changes with their order: answers and targets are
    then laid out differently. All critical: another loss is minimised than the one meant.
    """

    id = "loss-wiring"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        calls, log = loss_calls(context), operations(context)
        wrong = next((found for call in calls if (found := _wrong(call)) is not None), None)
        wrong = wrong or next((found for each in log if (found := _squashed_twice(each)) is not None), None)
        if wrong is not None:
            return [Finding(self.id, "critical", "high", wrong.fix, wrong.values, form=wrong.form)]
        order = sample_order(context)
        if order is None:
            return []
        values = {"first": f"{order.first:.4g}", "second": f"{order.second:.4g}"}
        fix = "answers, targets = answers.flatten(0, 1), targets.flatten(0, 1)  # both [B, T, ...], or both [T, B, ...]"
        return [Finding(self.id, "critical", "medium", fix, values, form="order")]


def _wrong(call: LossCall) -> Wrong | None:
    if call.answer.numel() == 0 or call.target.numel() == 0:
        return None
    if call.kind in DISTANCES:
        return _broadcast(call)
    if call.kind == "cross_entropy":
        return _classes(call) or _probabilities(call) or _torn(call)
    if call.kind == "binary_cross_entropy_with_logits":
        return _outside(call) or _probabilities(call)
    if call.kind == "binary_cross_entropy":
        return _outside(call)
    if call.kind == "nll_loss":
        return _torn(call) or _likelihood(call)
    return _likelihood(call) if call.kind in ("ctc_loss", "kl_div") else None


def _broadcast(call: LossCall) -> Wrong | None:
    answer, target = call.answer, call.target
    try:
        shape = torch.broadcast_shapes(answer.shape, target.shape)
    except RuntimeError:  # a loss of its own that takes them otherwise
        return None
    if shape.numel() <= max(answer.numel(), target.numel()):
        return _stretched(call)
    side = next((i for i, t in enumerate(call.operation.given[:2]) if t is answer), 0)
    squeezed = answer.dim() > target.dim() and answer.shape[-1] == 1
    index, template = (side, "{0}.squeeze(-1)") if squeezed else (1 - side, "{0}.unsqueeze(-1)")
    plain = "answers = answers.squeeze(-1)" if squeezed else "targets = targets.unsqueeze(-1)"
    values = {"answer": _shape(answer.shape), "target": _shape(target.shape), "result": _shape(shape)}
    return Wrong("broadcast", values, changed(call.operation.place, with_argument(index, template), plain))


def _stretched(call: LossCall) -> Wrong | None:
    """One answer stands for several targets of its sample. In a difference of one's own that may be meant."""
    answer, target = call.answer, call.target
    if call.kind == "residual" or not 1 < answer.numel() < target.numel():
        return None
    times = str(target.numel() // answer.numel())
    values = {"answer": _shape(answer.shape), "target": _shape(target.shape), "times": times}
    plain = "answers = head(output)  # output [B, T, H], of every step; h_n holds the last alone"
    return Wrong("stretched", values, plain)


def _classes(call: LossCall) -> Wrong | None:
    """Targets of the answer's own shape are read as probabilities of classes."""
    answer, target = call.answer, call.target
    if not target.is_floating_point() or target.shape != answer.shape or answer.dim() < 2 or answer.shape[1] < 2:
        return None
    if _share(_is_distribution(target.detach(), 1)) > MOST:
        return None
    values = {"shape": _shape(target.shape), "classes": str(answer.shape[1]), "largest": f"{float(target.max()):.4g}"}
    plain = "loss = torch.nn.functional.cross_entropy(scores, targets.long())  # scores [N, C], targets [N]"
    return Wrong("indices", values, plain)


def _outside(call: LossCall) -> Wrong | None:
    target = call.target.detach()
    share = _share((target < -1e-6) | (target > 1 + 1e-6))
    if share == 0:
        return None
    values = {"share": percent(share), "low": f"{float(target.min()):.4g}", "high": f"{float(target.max()):.4g}"}
    plain = "loss = torch.nn.functional.cross_entropy(scores, targets)  # scores [N, C]: one unit for each class"
    return Wrong("outside", values, plain)


def _probabilities(call: LossCall) -> Wrong | None:
    answer, source = call.answer.detach(), call.operation.source(call.answer)
    squashed = source is not None and source.name in SQUASHES
    several = call.kind == "cross_entropy" and answer.shape[min(1, answer.dim() - 1)] > 1
    if not squashed and not (several and bool(_is_distribution(answer, min(1, answer.dim() - 1)).all())):
        return None
    by = source.name if source is not None and squashed else "softmax"
    plain = f"scores = head(features)  # without {by}: the loss contains it"
    fix = changed(source.operation.place, without_call, plain) if source is not None and squashed else plain
    return Wrong("probabilities", {"loss": call.kind, "by": by}, fix)


def _torn(call: LossCall) -> Wrong | None:
    """The classes of one answer come from several rows of the head."""
    torn = torn_rows(call)
    if torn is None:
        return None
    values = {"head": _shape(torn.head), "taken": _shape(torn.taken), "classes": str(torn.taken[1])}
    own = torn.operation.place if torn.operation is not None else None
    plain = "loss = torch.nn.functional.cross_entropy(scores.flatten(0, -2), targets.flatten())  # scores [..., C]"
    turned = torn.operation is not None and len(torn.taken) == len(torn.head)
    fix = changed(own, _transposed(torn.head, torn.taken), plain) if turned else plain
    return Wrong("torn", values, fix)


def _transposed(head: torch.Size, taken: torch.Size) -> Callable[[str], str | None]:
    """x.view(8, 5, 11) of an x [8, 11, 5] becomes x.movedim(-1, 1), where that gives the same shape."""
    same = torch.Size([head[0], head[-1], *head[1:-1]]) == taken

    def change(expression: str) -> str | None:
        given = reshaped(expression) if same else None
        return f"{given}.movedim(-1, 1)" if given else None

    return change


def _squashed_twice(operation: Operation) -> Wrong | None:
    """log_softmax of a softmax, as in Categorical(logits=probabilities)."""
    if operation.name not in ("log_softmax", "logsumexp") or not operation.inputs:
        return None
    source = operation.source(operation.inputs[0])
    if source is None or source.name != "softmax":
        return None
    plain = "scores = head(features)  # without softmax: what follows contains it"
    fix = changed(source.operation.place, without_call, plain)
    return Wrong("probabilities", {"loss": operation.name, "by": "softmax"}, fix)


def _likelihood(call: LossCall) -> Wrong | None:
    answer, source = call.answer.detach(), call.operation.source(call.answer)
    axis = min(1, answer.dim() - 1) if call.kind == "nll_loss" else -1
    logs = answer.exp()
    if call.kind == "kl_div" and call.options.get("log_target") is None:
        return None
    if _share(_is_distribution(logs, axis)) > MOST:
        return None
    if call.kind == "kl_div" and bool((answer <= 1e-4).all()):
        return None  # logarithms over other axes
    already = source is not None and source.name == "softmax"
    template = "{0}.log()" if already else f"{{0}}.log_softmax({axis})"
    plain = f"answers = torch.log_softmax(scores, {axis})"
    values = {"loss": call.kind, "sum": f"{float(logs.sum(axis).median()):.4g}"}
    return Wrong("scores", values, changed(call.operation.place, with_argument(0, template), plain))


def _is_distribution(values: Tensor, axis: int) -> Tensor:
    """bool, without the axis: not below 0, and of sum 1."""
    return ((values >= -1e-6).all(axis)) & ((values.sum(axis) - 1).abs() <= SUM)


def _share(values: Tensor) -> float:
    return float(values.double().mean())


def _shape(shape: torch.Size) -> str:
    return f"[{', '.join(map(str, shape))}]"
