"""The gradient is cut on its way back, before it reaches what the loss depends on."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.code_names import code_name, number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.own_lines import without_detach
from carousel.introspect.diagnosis.facts.statefulness import first_calls, handed_on, statefulness
from carousel.introspect.diagnosis.facts.truncation import Association, Truncation, associated, truncation_of
from carousel.introspect.diagnosis.finding import Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.diagnosis.observe.trace import ModuleCall
from carousel.introspect.diagnosis.symptoms.base import Symptom


@final
class ShortTruncation(Symptom):
    """Measured: the steps from the loss back to the first cut: a call of a module that begins with exactly the numbers
    in which the one before it ended, but without their history. Cuts are how long sequences are trained (truncated
    back-propagation through time), so they are a finding only where they cannot be right: the loss reads nothing before
    the last cut, so that no gradient ever reaches the steps before it; or `dependency` is longer than the
    steps between two cuts. Critical where what matters is known to lie before the cut: given, or because the targets
    correlate with the input there (the largest correlation of all steps, p of at most .01 by 199 permutations); else a
    warning.
    """

    id = "short-truncation"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        found = [cut for calls in context.trace.modules if (cut := truncation_of(context, calls)) is not None]
        inside = [finding for cut in found for finding in self._inside(context, cut)]
        if inside or found:
            return inside
        return self._between(context)

    def _inside(self, context: Context, cut: Truncation) -> list[Finding]:
        given = context.known.dependency
        if given is not None:
            if given < (cut.last if cut.unread_before else cut.longest):
                return []
            return [self._finding(context, cut, "declared", "critical", given + 1, None)]
        if not cut.unread_before:
            return []
        seen = self._dependency(context, cut)
        if seen is None:
            return [self._finding(context, cut, "evidence", "warning", cut.total, None)]
        return [self._finding(context, cut, "associated", "critical", cut.total - seen.step, seen)]

    def _dependency(self, context: Context, cut: Truncation) -> Association | None:
        """The step before the cut that the targets depend on, if the batch shows one."""
        before = cut.inputs[: cut.total - cut.last]
        for target in tensors_of(context.batch)[1:]:
            found = associated(before, target, context.generator) if len(target) == before.shape[1] else None
            if found is not None:
                return found
        return None

    def _finding(
        self, context: Context, cut: Truncation, form: str, severity: Severity, needed: int, seen: Association | None
    ) -> Finding:
        values = {
            "module": code_name(cut.call.name), "last": str(cut.last), "total": str(cut.total), "cuts": str(cut.cuts),
            "needed": str(needed), "longest": str(cut.longest), "step": str(seen.step if seen else 0),
            "p": number(seen.p if seen else 1.0),
        }  # fmt: skip
        fix = f"chunk = {needed}  # steps between two detach() of the state: no fewer; or no detach() at all"
        if cut.longest == 1:
            fix = without_detach(context, cut.call, fix)
        sure = form != "evidence"
        return Finding(self.id, severity, "high" if sure else "medium", fix, values, cut.call.name, form)

    def _between(self, context: Context) -> list[Finding] | NotAssessed:
        """The state is cut from one call of loss_fn to the next."""
        given, steps = context.known.dependency, sum(len(call.input_TBI) for call in context.trace.top)
        if given is None or given < steps:
            return []
        carried = _carried(context)
        call = carried or context.trace.top[0]
        values = {
            "module": code_name(call.name), "last": str(steps), "total": str(steps), "cuts": "1",
            "needed": str(given + 1), "longest": str(steps), "step": "0", "p": "1",
        }  # fmt: skip
        fix = f"steps = {given + 1}  # of each sequence in a batch, at least"
        return [Finding(self.id, "critical", "high", fix, values, call.name, "between" if carried else "too_short")]


def _carried(context: Context) -> ModuleCall | None:
    first, second, _ = statefulness(context).passes
    return next((v for v in first_calls(second.module_calls) if handed_on(first.module_calls, v)), None)
