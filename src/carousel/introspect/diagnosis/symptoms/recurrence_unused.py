"""The loss does not depend on the recurrent part, or not on its recurrence."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.code_names import code_name
from carousel.introspect.diagnosis.context import Patient
from carousel.introspect.diagnosis.facts.no_gradient import Flat, Unused, silent, unused
from carousel.introspect.diagnosis.finding import Finding, Severity, Symptom, Unseen
from carousel.introspect.diagnosis.observe.perturbation import Refused
from carousel.introspect.record.targets import targets


@final
class RecurrenceUnused(Symptom):
    """Measured: the gradients of each recurrent module's weights. Found where all are missing or exactly 0 ("cut",
    "zero"), or those of the recurrent weights alone are, so that what came before a step has no influence: one step is
    all that the module sees ("one_step"), the state starts anew at each ("fresh"), or only the first is read ("first").
    Exactly 0 needs no threshold: a vanished gradient is small, not 0, for the lag of one step is among them. Zeros that
    come from a part behind that is 0 at present (an answer layer that starts at 0) are no finding. Frozen weights are
    none. Critical where it holds of all modules, a warning of some; a module that was never called is an info.
    """

    id = "recurrence-unused"

    def examine(self, patient: Patient) -> list[Finding] | Unseen:
        try:
            states = {calls[0].name: unused(patient, calls) for calls in patient.modules}
        except Refused as error:
            return self.unseen("not_repeated", why=str(error))
        except Flat:
            return self.unseen("no_gradient")
        found = [(name, state) for name, state in states.items() if state is not None]
        everywhere = len(found) == len(states) and all(not state.half for _, state in found)
        return [self._finding(name, state, everywhere) for name, state in found] + self._silent(patient)

    def _finding(self, name: str, state: Unused, everywhere: bool) -> Finding:
        values = {"module": code_name(name), "steps": str(state.steps), "calls": str(state.calls), "site": state.site}
        severity: Severity = "critical" if everywhere else "warning"
        return Finding(self.id, severity, "high", state.fix, values, name, state.form)

    def _silent(self, patient: Patient) -> list[Finding]:
        found, _ = targets(patient.model)
        called = {id(calls[0].module) for calls in patient.modules}
        names = [t.name for t in found if id(t.module) not in called and not silent(t.module)]
        return [
            Finding(self.id, "info", "medium", f"output, _ = {code_name(name)}(x)  # and use it, or take it out",
                    {"module": code_name(name), "steps": "0", "calls": "0", "site": ""}, name, "never")
            for name in names
        ]  # fmt: skip
