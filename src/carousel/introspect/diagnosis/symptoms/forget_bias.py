"""The forget gate is half closed by torch's initialisation."""

from __future__ import annotations

import math
from functools import partial
from typing import final

from carousel.introspect.diagnosis.code_names import number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.far_evidence import asks_for_far
from carousel.introspect.diagnosis.facts.gradient_horizon import (
    GradientHorizon,
    RequiredReach,
    gradient_horizons,
    required_reaches,
)
from carousel.introspect.diagnosis.facts.lr_probe import has_learned
from carousel.introspect.diagnosis.facts.remedies import longer_memory
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.flow.forget_path import carrying_gate
from carousel.nn.kernels import Tape

HALF_OPEN = (0.3, 0.7)  # mean of the gate; torch's biases, uniform in +-1/sqrt(H), leave it near .5
SMALL_BIAS = 0.5  # mean absolute sum of the two biases; torch's own is at most .47 from H = 2 on


@final
class ForgetBias(Symptom):
    """Measured: the mean of the forget gate (GRU: update gate) over true steps, and its biases. Found where the
    gate is between .3 and .7 with biases below .5, as torch draws them, which forgets within a step or two
    (-1/ln .5 = 1.4), and the gradient falls short of what is needed (see `vanishing`); so a short task or a trained
    network is left alone. An info where nothing shows that the task asks so far. Fix: the biases of Tallec and
    Ollivier (2018) for the user's own length.
    """

    id = "forget-bias"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        if context.trace.steps < 2 and not gradient_horizons(context):
            return self.not_assessed("one_step")
        if not gradient_horizons(context):
            return self.not_assessed("no_flow")
        found = []
        for need in required_reaches(context):
            closed = [each for each in need.layers if _is_half_closed(each.tape)]
            if need.is_short and closed and not has_learned(context):
                found.append(self._finding(context, need, closed))
        return found

    def _finding(self, context: Context, need: RequiredReach, closed: list[GradientHorizon]) -> Finding:
        first, reach = closed[0], need.reach
        mean = _mean(first.tape)
        values = {
            "gate": carrying_gate(first.tape.cell) or "", "mean": number(mean), "reach": str(reach),
            "steps": number(-1 / math.log(mean)), "count": str(len(closed)), "bias": number(math.log(max(2, reach))),
        }  # fmt: skip
        figure = None
        if first.call is not None:
            figure = partial(context.trace.tape.plot.time_scales, first.site, call=first.call)
        fix = longer_memory(context, first, reach)
        asked = asks_for_far(context, need)
        return Finding(
            self.id, "warning" if asked else "info", "high" if asked else "low", fix, values, first.site,
            "evidence" if asked else "unasked",
            figure=None if figure is None else lambda lang: figure(lang=lang),
        )  # fmt: skip


def _mean(tape: Tape) -> float:
    return float(tape[carrying_gate(tape.cell) or ""].double().nanmean())


def _is_half_closed(tape: Tape) -> bool:
    cell, gate = tape.cell, carrying_gate(tape.cell)
    if gate is None or not HALF_OPEN[0] < _mean(tape) < HALF_OPEN[1]:
        return False
    both = [bias[cell.rows(gate)] for bias in (cell.bias_ih, cell.bias_hh) if bias is not None]
    return not both or float(sum(both[1:], both[0]).abs().mean()) < SMALL_BIAS
