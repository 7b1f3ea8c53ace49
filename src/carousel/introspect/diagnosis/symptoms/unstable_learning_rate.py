"""The learning rate is too large for the loss to fall."""

from __future__ import annotations

import math
from typing import final

from carousel.introspect.diagnosis.code_names import number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.lr_probe import (
    can_be_rebuilt,
    has_learned,
    is_new,
    losses_at,
    zero_parameter_loss,
)
from carousel.introspect.diagnosis.finding import Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.symptoms.base import Symptom

STEPS = 8
#: of the first loss, or of that of an answer that depends on no input, whichever is larger
RISES, LEAPS = 0.2, 1.0
FACTORS = (0.3, 0.1, 0.03, 0.01, 0.001, 1e-4, 1e-5)
FAR = 10.0  # times the same


@final
class UnstableLearningRate(Symptom):
    """Measured: the loss on this batch over 8 real steps of the given optimiser, with its history, at its rate
    and at smaller ones. Found where the loss is no longer finite, or stays above its first value through the
    later half of the steps, by a fifth of what an answer costs that depends on no input, or jumps by all of
    that, and at a smaller rate does not: a batch that its own gradient steps make worse is stepped over.
    Smaller jumps that are made good again say nothing (momentum overshoots). The first steps of an optimiser
    without the history that it needs shake a network that has learned, at any rate: there nothing is said. The
    steps are taken with copies of the parameters.
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
            return []
        stable = next((factor for factor in FACTORS if not is_unstable(losses_at(context, factor, STEPS), cost)), None)
        if stable is None:
            return []  # it rises at any rate: not the rate's fault
        return [self._finding(context, losses, stable, cost)]

    def _finding(self, context: Context, losses: list[float], stable: float, cost: float) -> Finding:
        given = context.known.optimizer
        rates = [context.known.learning_rate or 0.0] if given is None else [g["lr"] for g in given.param_groups]
        rate = max(rates)
        worst = max(losses) if all(map(math.isfinite, losses)) else math.inf
        values = {
            "rate": number(rate), "first": number(losses[0]), "worst": number(worst), "steps": str(STEPS),
            "stable": number(rate * stable),
        }  # fmt: skip
        one = given is None or len({group["lr"] for group in given.param_groups}) == 1
        change = f'group["lr"] = {number(rate * stable)}' if one else f'group["lr"] *= {stable}'
        severity: Severity = "critical" if worst - losses[0] > FAR * cost else "warning"
        return Finding(self.id, severity, "medium", f"for group in optimizer.param_groups: {change}", values)


def is_unstable(losses: list[float], cost: float) -> bool:
    """Whether training at this rate makes this batch worse. cost: what a rise is measured by."""
    if not all(map(math.isfinite, losses)):
        return True
    first = losses[0]
    return min(losses[len(losses) // 2 :]) > first + RISES * cost or max(losses) > first + LEAPS * cost
