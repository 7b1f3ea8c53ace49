"""Gradients, or the differences between states, grow without bound through time."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from carousel.introspect.diagnosis.code_names import code_name, number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.gradient_horizon import GradientHorizon, gradient_horizons, profile_figure
from carousel.introspect.diagnosis.facts.lr_probe import can_be_rebuilt, has_learned, losses_at, stands_still
from carousel.introspect.diagnosis.facts.remedies import length_keeping, redrawn
from carousel.introspect.diagnosis.finding import Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.flow import lyapunov
from carousel.introspect.flow.spectrum import BLOCKS, LEAST_BLOCK, LEAST_STEPS

GROWTH = math.log(100.0)  # nats: G a hundredfold of its end, the factor of a gradient spike in claim 2
RUNAWAY = math.log(1e6)
CLIPPED = 10.0  # times the norm that gradients are clipped to
CLIP_STEPS = 8


@final
class Exploding(Symptom):
    """Measured: whether parameters, states, loss and gradients are finite; the growth of the lag profile; the largest
    Lyapunov exponent of each layer with its 95 % interval, nats per step; and, where `clip_norm` is given, the norm of
    the gradient against it.

    Found where something is not finite; where the gradient grows a hundredfold or more towards the start, steadily
    (slope above 0); where the exponent's lower limit makes a hundredfold of a difference over the run; or where the
    norm is ten times what it is clipped to, so that clipping alone decides the step (information; a warning where the
    optimiser's steps then change nothing, and without clipping would). tanh networks with an orthogonal
    matrix have slopes below 0, ReLU networks with the identity 0. A network that
    has learned is left alone as long as all is finite (a ReLU network that recalled grew 158-fold over 29 steps).
    """

    id = "exploding"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        broken = self._broken(context)
        if broken is not None:
            return [broken]
        found = [f for each in gradient_horizons(context) if (f := self._layer(context, each)) is not None]
        return [] if found and has_learned(context) else found or self._clipped(context)

    def _broken(self, context: Context) -> Finding | None:
        """Something is not finite: the first of parameters, states, loss, gradients, in the order of their making."""
        values = {"loss": number(context.trace.loss)}
        weights = [name for name, p in context.model.named_parameters() if not _is_finite(p)]
        if weights:
            owner = weights[0].rpartition(".")[0]
            fix = redrawn(code_name(owner), dict(context.model.named_modules())[owner])
            values |= {"count": str(len(weights)), "name": weights[0]}
            return Finding(self.id, "critical", "high", fix, values, form="weights")
        for site, tape in ((site, tape) for site, calls in context.trace.runs.items() for tape in calls):
            step = _first_overflow(tape["h"], tape.run.valid)
            if step is not None:
                name = code_name(context.trace.call_at(site).name)
                values |= {"step": str(step)}
                fix = length_keeping(name, tape.cell)
                return Finding(self.id, "critical", "high", fix, values, site, "states")
        bad = [name for name, g in context.trace.gradients.items() if g is not None and not _is_finite(g)]
        if not bad and math.isfinite(context.trace.loss):
            return None
        growing = next((each for each in gradient_horizons(context) if _grows(each)), None)
        values |= {"count": str(len(bad)), "name": bad[0] if bad else ""}
        if growing is None:
            return None  # `non-finite` names the operation
        name = code_name(context.trace.call_at(growing.site).name)
        values |= _growth(growing)
        fix = length_keeping(name, growing.tape.cell)
        return Finding(
            self.id, "critical", "high", fix, values, growing.site, "overflow", profile_figure(context, growing)
        )

    def _layer(self, context: Context, layer: GradientHorizon) -> Finding | None:
        low, high = self._exponent(context, layer)
        spread = low * layer.tape.run.length
        grows, chaotic = _grows(layer), spread > GROWTH  # False for NaN: a dead direction has no exponent
        if not grows and not chaotic:
            return None
        name = code_name(context.trace.call_at(layer.site).name)
        values = _growth(layer) | {"low": number(low), "high": number(high)}
        return Finding(
            self.id,
            "critical" if max(float(layer.profile.mean.max()), spread) > RUNAWAY else "warning",
            "high" if grows and chaotic else "medium",
            length_keeping(name, layer.tape.cell),
            values,
            layer.site,
            "evidence" if grows else "chaos",
            profile_figure(context, layer),
        )

    def _exponent(self, context: Context, layer: GradientHorizon) -> tuple[float, float]:
        """The interval of the largest exponent; -inf where the run is too short for one."""
        run = layer.tape.run
        shortest = run.length if run.lengths is None else int(run.lengths.min())
        one = layer.tape["h"].shape[1] == 1
        if run.reset_mask is not None or shortest - run.length // 4 < (BLOCKS * LEAST_BLOCK if one else LEAST_STEPS):
            return -math.inf, -math.inf
        found = lyapunov(layer.tape, count=1, generator=context.generator)
        return float(found.low[0]), float(found.high[0])

    def _clipped(self, context: Context) -> list[Finding]:
        limit = context.known.clip_norm
        arrived = [g.norm() for g in context.trace.gradients.values() if g is not None]
        norm = float(torch.stack(arrived).norm()) if arrived else 0.0
        if limit is None or norm <= CLIPPED * limit:
            return []
        values = {"norm": number(norm), "limit": number(limit), "ratio": number(norm / limit)}
        fix = f"torch.nn.utils.clip_grad_norm_(model.parameters(), {number(norm)})"
        severity: Severity = "warning" if _is_clipped_away(context) else "info"
        return [Finding(self.id, severity, "medium", fix, values, form="clipped")]


def _is_clipped_away(context: Context) -> bool:
    """Whether the loss stands still under the optimiser given, and without clipping does not."""
    known = context.known
    if known.optimizer is None and known.learning_rate is None:
        return False
    if known.optimizer is not None and not can_be_rebuilt(known.optimizer, context.model):
        return False
    clipped, free = (losses_at(context, 1.0, CLIP_STEPS, clipped) for clipped in (True, False))
    return stands_still(clipped) and not stands_still(free)


def _grows(layer: GradientHorizon) -> bool:
    return float(layer.profile.mean.max()) > GROWTH and (layer.slope or 0.0) > 0


def _growth(layer: GradientHorizon) -> dict[str, str]:
    mean = layer.profile.mean
    growth, lag = float(mean.max()), int(mean.argmax())
    decades = number(growth / math.log(10))
    shown = number(math.exp(growth)) if growth < RUNAWAY else f"1e{float(decades):.0f}"
    return {"growth": shown, "lag": str(lag), "slope": number(layer.slope or 0.0)}


def _is_finite(values: Tensor) -> bool:
    return bool(values.isfinite().all())


def _first_overflow(h: Tensor, valid: Tensor | None) -> int | None:
    """The first true step at which a state is no finite number."""
    bad = ~h.isfinite().all(-1)
    bad = bad if valid is None else bad & valid
    return int(bad.any(-1).nonzero()[0]) if bool(bad.any()) else None
