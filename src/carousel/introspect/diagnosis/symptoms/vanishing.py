"""The gradient does not reach back far enough through time."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.code_names import number
from carousel.introspect.diagnosis.context import Patient
from carousel.introspect.diagnosis.facts.gradient_horizon import Need, Travel, needs, picture, travels, true_length
from carousel.introspect.diagnosis.facts.remedies import longer_memory
from carousel.introspect.diagnosis.finding import Finding, Symptom, Unseen

CRITICAL = 0.2  # of what must be reached
SURE = 1 / 3  # of it: none of the networks measured for `travel.SHORT` learned with less
HARDLY = 0.05  # of the sequence, where nothing is known of what must be reached


@final
class Vanishing(Symptom):
    """Measured: the lag profile of every layer, G(k) = |dz / ds_{T-k}| / |dz / ds_T|; its horizon is the largest lag k
    with a thousandth of the gradient left (CLAIMS 1).

    Found where the loss, or another module, reads the end of the sequences alone, and the farthest horizon of
    all layers over them covers less than half of the way, .35 for Elman networks (`travel.SHORT` says why);
    critical below a fifth. Where the loss reads most steps, how far it must reach only the task knows: then
    `dependency` must tell, and without it a horizon below a twentieth of the sequence is worth a word, no more.
    """

    id = "vanishing"

    def examine(self, patient: Patient) -> list[Finding] | Unseen:
        if patient.steps < 2 and not travels(patient):
            return self.unseen("one_step")
        if not travels(patient):
            return self.unseen("no_flow")
        found = needs(patient)
        if not found:
            return self._unknown(patient)
        return [self._finding(patient, need) for need in found if need.is_short]

    def _finding(self, patient: Patient, need: Need) -> Finding:
        best, reach = need.best, need.reach
        return Finding(
            self.id,
            "critical" if best.horizon < CRITICAL * reach else "warning",
            "high" if best.horizon < SURE * reach else "medium",
            longer_memory(patient, best, reach),
            _values(best, reach),
            best.site,
            figure=picture(patient, best),
        )

    def _unknown(self, patient: Patient) -> list[Finding] | Unseen:
        """The loss reads most steps itself."""
        best = max(travels(patient), key=lambda each: each.horizon)
        reach = true_length(patient, best.tape) - 1
        if best.horizon >= reach:
            return []
        if best.horizon >= HARDLY * reach:
            return self.unseen("dependency", horizon=str(best.horizon), reach=str(reach))
        fix = longer_memory(patient, best, reach)
        values = _values(best, reach)
        return [Finding(self.id, "info", "low", fix, values, best.site, "unknown", picture(patient, best))]


def _values(best: Travel, reach: int) -> dict[str, str]:
    shown = "?" if best.slope is None else number(best.slope)
    return {"horizon": str(best.horizon), "reach": str(reach), "slope": shown}
