"""The loss does not depend on the recurrent part, or not on its recurrence."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.code_names import code_name
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.no_gradient import ConstantLoss, NoGradient, is_frozen, no_gradient
from carousel.introspect.diagnosis.facts.without_graph import without_graph
from carousel.introspect.diagnosis.finding import Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.record.targets import targets


@final
class RecurrenceUnused(Symptom):
    """Measured: the gradients of each recurrent module's weights. Found where all are missing or exactly 0 ("cut",
    "zero"), or those of the recurrent weights alone are, so that what came before a step has no influence: one step is
    all that the module sees ("one_step"), the state starts anew at each ("fresh"), or only the first is read ("first").
    Exactly 0 needs no threshold: a vanished gradient is small, not 0, for the lag of one step is among them. Zeros that
    come from a part behind that is 0 at present (an answer layer that starts at 0) are no finding. Frozen weights are
    none, nor is a target network: a module under no_grad whose output the rest meets in a comparison alone.
    Critical where it holds of all modules, a warning of some; a module that was never called is an info.
    """

    id = "recurrence-unused"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        try:
            states = {calls[0].name: no_gradient(context, calls) for calls in context.trace.modules}
        except ConstantLoss:
            return self.not_assessed("no_gradient")
        found = [(name, state) for name, state in states.items() if state is not None]
        if found:  # the pass is watched only where there is something to explain
            targets_of_loss = {name for name, own in without_graph(context).items() if own.is_target}
            found = [(name, state) for name, state in found if name not in targets_of_loss]
        everywhere = len(found) == len(states) and all(not state.half for _, state in found)
        return [self._finding(name, state, everywhere) for name, state in found] + self._never_called(context)

    def _finding(self, name: str, state: NoGradient, everywhere: bool) -> Finding:
        values = {"module": code_name(name), "steps": str(state.steps), "calls": str(state.calls), "site": state.site}
        severity: Severity = "critical" if everywhere else "warning"
        return Finding(self.id, severity, "high", state.fix, values, name, state.form)

    def _never_called(self, context: Context) -> list[Finding]:
        found, _ = targets(context.model)
        called = {id(calls[0].module) for calls in context.trace.modules}
        names = [t.path for t in found if id(t.module) not in called and not is_frozen(t.module)]
        return [
            Finding(self.id, "info", "medium", f"output, _ = {code_name(name)}(x)  # and use it, or take it out",
                    {"module": code_name(name), "steps": "0", "calls": "0", "site": ""}, name, "never")
            for name in names
        ]  # fmt: skip
