"""A forecast that is no better than the last value seen."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.autoregressive_targets import autoregressive_targets
from carousel.introspect.diagnosis.facts.lr_probe import has_learned
from carousel.introspect.diagnosis.facts.operations import loss_calls
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.symptoms.base import Symptom


@final
class NoBetterThanLast(Symptom):
    """Measured, of a network that has learned something (its loss is far below that of an answer that depends on no
    input) and whose targets are its input some steps on: the mean squared error against that of the input itself, the
    last value seen. Found, as an info, where it is no smaller.
    """

    id = "no-better-than-last"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        call = next((c for c in loss_calls(context) if c.kind == "mse_loss"), None)
        targets = None if call is None or not has_learned(context) else autoregressive_targets(context)
        if call is None or targets is None or call.answer.shape != call.target.shape:
            return []
        if targets.x.shape != call.target.shape:
            return []
        loss = float((call.answer - call.target).detach().square().mean())
        naive = float((targets.x - call.target).double().square().mean())
        if loss < naive:
            return []
        values = {"loss": f"{loss:.4g}", "naive": f"{naive:.4g}", "ahead": str(targets.ahead)}
        return [Finding(self.id, "info", "medium", "answers = x + model(x)  # the change from the last value", values)]
