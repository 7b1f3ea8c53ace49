"""The gradient does not reach back far enough through time."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.far_evidence import asks_for_far
from carousel.introspect.diagnosis.facts.gradient_horizon import (
    GradientHorizon,
    RequiredReach,
    gradient_horizons,
    profile_figure,
    required_reaches,
    true_length,
)
from carousel.introspect.diagnosis.facts.lr_probe import has_learned
from carousel.introspect.diagnosis.facts.remedies import longer_memory
from carousel.introspect.diagnosis.finding import Confidence, Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.symptoms.base import Symptom

CRITICAL = 0.2  # of what must be reached
SURE = 1 / 3  # of it: none of the networks measured for `gradient_horizon.SHORT` learned with less
HARDLY = 0.05  # of the sequence, where nothing is known of what must be reached


@final
class Vanishing(Symptom):
    """Measured: the lag profile of every layer, G(k) = |dz / ds_{T-k}| / |dz / ds_T|; its horizon is the largest lag k
    with a thousandth of the gradient left (CLAIMS 1).

    Found where the loss, or another module, reads the end of the sequences alone, and the farthest horizon of
    all layers over them covers less than half of the way, .35 for Elman networks (`gradient_horizon.SHORT` says why);
    critical below a fifth. That is so where the task is seen to ask for what lies before the horizon: `dependency` says
    it, or the targets correlate with the input there; else it is an info. A network that has learned is left alone.
    Where the loss reads most steps, how far it must reach only the task knows: then
    `dependency` must tell, and without it a horizon below a twentieth of the sequence is worth a word, no more.
    """

    id = "vanishing"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        if context.trace.steps < 2 and not gradient_horizons(context):
            return self.not_assessed("one_step")
        if not gradient_horizons(context):
            return self.not_assessed("no_flow")
        found = required_reaches(context)
        if not found:
            return self._unknown(context)
        short = [need for need in found if need.is_short]
        return [] if short and has_learned(context) else [self._finding(context, need) for need in short]

    def _finding(self, context: Context, need: RequiredReach) -> Finding:
        best, reach = need.best, need.reach
        severity: Severity = "critical" if best.horizon < CRITICAL * reach else "warning"
        sure: Confidence = "high" if best.horizon < SURE * reach else "medium"
        fix, values, figure = longer_memory(context, best, reach), _values(best, reach), profile_figure(context, best)
        if not asks_for_far(context, need):
            return Finding(self.id, "info", "low", fix, values, best.site, "unasked", figure)
        return Finding(self.id, severity, sure, fix, values, best.site, figure=figure)

    def _unknown(self, context: Context) -> list[Finding] | NotAssessed:
        """The loss reads most steps itself."""
        best = max(gradient_horizons(context), key=lambda each: each.horizon)
        reach = true_length(context, best.tape) - 1
        if best.horizon >= reach:
            return []
        if best.horizon >= HARDLY * reach:
            return self.not_assessed("dependency", horizon=str(best.horizon), reach=str(reach))
        fix = longer_memory(context, best, reach)
        values = _values(best, reach)
        return [Finding(self.id, "info", "low", fix, values, best.site, "unknown", profile_figure(context, best))]


def _values(best: GradientHorizon, reach: int) -> dict[str, str]:
    return {"horizon": str(best.horizon), "reach": str(reach)}
