"""One class is far more frequent than the others, and the loss does not weigh them."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.code_names import percent
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.operations import LossCall, loss_calls
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.symptoms.base import Symptom

LEAST, MOST = 50, 0.85  # targets; share of one class
_WEIGHTS = ("weight", "pos_weight")


@final
class ClassImbalance(Symptom):
    """Measured: the targets of cross-entropy losses as they are called, those that are ignored aside. Found, as an
    info, where 85 % of fifty or more are of one class and no weight is given.
    """

    id = "class-imbalance"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        calls = loss_calls(context)
        return next(([found] for call in calls if (found := self._of(call)) is not None), [])

    def _of(self, call: LossCall) -> Finding | None:
        classes = ("cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits")
        if call.kind not in classes or any(call.options.get(name) is not None for name in _WEIGHTS):
            return None
        target = call.target.detach().flatten()
        target = target[target != call.options.get("ignore_index", -100)]
        if len(target) < LEAST or bool((target != target.round()).any()):
            return None
        labels, counts = target.unique(return_counts=True)
        share = float(counts.max()) / len(target)
        if share < MOST or len(labels) < 2:
            return None
        values = {"share": percent(share), "count": str(len(target)), "label": str(int(labels[counts.argmax()]))}
        fix = "weight = 1 / torch.bincount(targets.flatten()).clamp(min=1)  # cross_entropy(..., weight=weight)"
        return Finding(self.id, "info", "medium", fix, values)
