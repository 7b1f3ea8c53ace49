"""The answer does not depend on the input, or nothing depends on the parameters."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.answer_moves import answer_moves
from carousel.introspect.diagnosis.facts.operations import loss_calls
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.operations import Source
from carousel.introspect.diagnosis.observe.perturbation import Refused
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.user_lines import changed, without_call

#: Operations that are flat in places, or everywhere.
FLAT = ("relu", "relu6", "clamp", "clip", "hardtanh", "hardsigmoid", "round", "floor", "ceil", "sign", "softmax",
        "sigmoid", "tanh", "threshold", "clamp_min", "clamp_max", "trunc", "maximum", "minimum")  # fmt: skip


@final
class ConstantAnswer(Symptom):
    """Measured: the gradients of all parameters; and the model's answer after every number of each of its inputs was
    changed, as it is and with a little noise on its weights. Found where every gradient is exactly 0, or where no input
    moves the answer either way. An answer layer that starts at 0 is no finding: with noise on its weights the answer
    moves. A loss of exactly 0 whose answers differ is none either: there is nothing left to learn.
    """

    id = "constant-answer"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        gradients = [g for g in context.trace.gradients.values() if g is not None]
        if not any(bool((g != 0).any()) for g in gradients):
            return [] if _is_done(context) else [self._without_gradient(context)]
        if answer_moves(context) is not False:
            return []
        fix = "answers = model(x)  # print(answers.std(0)): it must not be 0 while the samples of x differ"
        return [Finding(self.id, "critical", "high", fix, self._values(context), form="independent")]

    def _without_gradient(self, context: Context) -> Finding:
        source = _flat(context)
        if source is None:
            fix = "answers = model(x)  # take .detach(), .data, .round() and torch.no_grad() out of its forward"
            return Finding(self.id, "critical", "high", fix, self._values(context), form="evidence")
        values = self._values(context) | {"by": source.name}
        plain = f"answers = head(features)  # without {source.name}"
        fix = changed(source.operation.place, without_call, plain)
        return Finding(self.id, "critical", "high", fix, values, form="flat")

    def _values(self, context: Context) -> dict[str, str]:
        return {"loss": f"{context.trace.loss:.4g}", "count": str(len(context.trace.gradients))}


def _is_done(context: Context) -> bool:
    """Whether the loss is 0 and the answers differ: a margin that is kept everywhere."""
    answer = context.trace.answer
    return context.trace.loss == 0 and answer is not None and bool((answer != answer.flatten()[0]).any())


def _flat(context: Context) -> Source | None:
    """The operation behind the answers that lets no gradient through."""
    try:
        calls = loss_calls(context)
    except Refused:
        return None
    for call in calls:
        source = call.operation.source(call.answer)
        if source is not None and source.name in FLAT:
            return source
    return None
