"""The learning rate is too large for the loss to fall, or so small that nothing moves."""

from __future__ import annotations

import math
from typing import final

from carousel.introspect.diagnosis.code_names import number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.lr_probe import (
    can_be_rebuilt,
    has_learned,
    is_new,
    is_warming_up,
    losses_at,
    stands_still,
    zero_parameter_loss,
)
from carousel.introspect.diagnosis.finding import Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.symptoms.base import Symptom

STEPS = 8
#: of the first loss, or of that of an answer that depends on no input, whichever is larger
RISES, LEAPS = 0.2, 1.0
FACTORS = (0.3, 0.1, 0.03, 0.01, 0.001, 1e-4, 1e-5)
#: rates at which a network that stands still may learn, and the largest that is tried
LARGER, LARGEST = (1e3, 1e4, 1e5, 1e6, 1e7, 1e8), 1.0
FALLS = 0.01  # of the same
FAR = 10.0  # times the same


@final
class UnstableLearningRate(Symptom):
    """Measured: the loss on this batch over 8 real steps of the given optimiser, with its history, at its rate
    and at smaller ones. Found where the loss is no longer finite, or stays above its first value through the
    later half of the steps, by a fifth of what an answer costs that depends on no input, or jumps by all of
    that, and at a smaller rate does not: a batch that its own gradient steps make worse is stepped over.
    Smaller jumps that are made good again say nothing (momentum overshoots). The first steps of an optimiser
    without the history that it needs shake a network that has learned, at any rate: there nothing is said. The
    steps are taken with copies of the parameters. Also found where the loss stands still at this rate, and falls at one
    a thousand times as large or more (a rate of 1e-9). A schedule's first and last steps are left alone.
    """

    id = "unstable-learning-rate"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        known = context.known
        if known.optimizer is None and known.learning_rate is None:
            return self.not_assessed("no_optimizer")
        if known.optimizer is not None and not can_be_rebuilt(known.optimizer, context.model):
            return self.not_assessed("other_optimizer", kind=type(known.optimizer).__name__)
        if not math.isfinite(context.trace.loss):
            return self.not_assessed("loss_not_finite")
        if known.optimizer is not None and is_new(known.optimizer) and has_learned(context):
            return self.not_assessed("no_history", kind=type(known.optimizer).__name__)
        losses = losses_at(context, 1.0, STEPS)
        constant = zero_parameter_loss(context)
        cost = max(abs(losses[0]), abs(constant) if math.isfinite(constant) else 0.0)
        if not is_unstable(losses, cost):
            return self._standstill(context, losses, cost)
        stable = next((factor for factor in FACTORS if not is_unstable(losses_at(context, factor, STEPS), cost)), None)
        if stable is None:
            return []  # it rises at any rate: not the rate's fault
        return [self._finding(context, losses, stable, cost)]

    def _standstill(self, context: Context, losses: list[float], cost: float) -> list[Finding]:
        """The steps change nothing, and far larger ones would."""
        given = context.known.optimizer
        rate = _rate(context)
        if not stands_still(losses) or has_learned(context) or (given is not None and is_warming_up(given)):
            return []
        for factor in LARGER:
            if rate * factor > LARGEST:
                break
            tried = losses_at(context, factor, STEPS)
            if not is_unstable(tried, cost) and tried[0] - min(tried) > FALLS * cost:
                values = {"rate": number(rate), "first": number(losses[0]), "steps": str(STEPS),
                          "stable": number(rate * factor), "last": number(min(tried))}  # fmt: skip
                fix = f'for group in optimizer.param_groups: group["lr"] = {number(rate * factor)}'
                return [Finding(self.id, "warning", "medium", fix, values, form="standstill")]
        return []

    def _finding(self, context: Context, losses: list[float], stable: float, cost: float) -> Finding:
        given = context.known.optimizer
        rate = _rate(context)
        worst = max(losses) if all(map(math.isfinite, losses)) else math.inf
        values = {
            "rate": number(rate), "first": number(losses[0]), "worst": number(worst), "steps": str(STEPS),
            "stable": number(rate * stable),
        }  # fmt: skip
        one = given is None or len({group["lr"] for group in given.param_groups}) == 1
        change = f'group["lr"] = {number(rate * stable)}' if one else f'group["lr"] *= {stable}'
        severity: Severity = "critical" if worst - losses[0] > FAR * cost else "warning"
        return Finding(self.id, severity, "medium", f"for group in optimizer.param_groups: {change}", values)


def _rate(context: Context) -> float:
    """The largest of the optimiser's."""
    given = context.known.optimizer
    return context.known.learning_rate or 0.0 if given is None else max(group["lr"] for group in given.param_groups)


def is_unstable(losses: list[float], cost: float) -> bool:
    """Whether training at this rate makes this batch worse. cost: what a rise is measured by."""
    if not all(map(math.isfinite, losses)):
        return True
    first = losses[0]
    return min(losses[len(losses) // 2 :]) > first + RISES * cost or max(losses) > first + LEAPS * cost
