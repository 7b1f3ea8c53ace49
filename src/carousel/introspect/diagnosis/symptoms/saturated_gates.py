"""Gates and candidates are at the ends of their nonlinearities, where no gradient passes."""

from __future__ import annotations

from typing import final

from torch import Tensor

from carousel.introspect.diagnosis.code_names import percent
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.lr_probe import has_learned
from carousel.introspect.diagnosis.facts.saturation_cause import saturation_cause
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.unrolled_cells import LongestRun, longest_runs
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.nn.cells import ElmanTanh
from carousel.nn.kernels import Tape

FLAT = 0.02  # of tanh's slope 1 - v^2: |v| above .99
EDGE = 0.01  # of a sigmoid: its slope s (1 - s), at most .25, is below .01 there
SOME, MOST = 0.5, 0.9  # of all true steps and units


@final
class SaturatedGates(Symptom):
    """Measured: over true steps and units, the share of values whose own slope is all but 0: tanh beyond .99 (h of
    an Elman network, g, n), a sigmoid outside .01 .. .99 (o, r). Of f and z only what is shut counts, since an
    initialisation for long memory opens them on purpose (chrono); i is left out, which it shuts; a ReLU has no flat end
    of this kind. Found where the worst of them has half; critical where nine in ten.

    Measured here, recall over 10 steps with all weights or the recurrent ones 3 to 100 times torch's: of 17 networks
    that began with half or more none learned, of 25 with less all did. Trained gates are at their ends too
    (Karpathy et al. 2015: an Elman network that recalled had .42), so a network that has learned is left alone. The
    cause is read from the pre-activations of that gate: whichever of input, recurrent product and bias is the largest.
    """

    id = "saturated-gates"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        runs = longest_runs(context.trace).items()
        found = [finding for site, run in runs if (finding := self._layer(context, site, run)) is not None]
        return [] if found and has_learned(context) else found

    def _layer(self, context: Context, site: str, run: LongestRun) -> Finding | None:
        shares = flat_shares(run.tape)
        worst = max(shares, key=lambda name: shares[name], default="")
        if not worst or shares[worst] < SOME:
            return None
        cause = saturation_cause(context, site, run.tape, worst)
        values = {"gate": worst, "share": percent(shares[worst])} | cause.values
        return Finding(
            self.id, "critical" if shares[worst] >= MOST else "warning", "high" if cause.sure else "medium", cause.fix,
            values, site, cause.largest, lambda lang: context.trace.tape.plot.saturation(site, lang=lang),
        )  # fmt: skip


def flat_shares(tape: Tape) -> dict[str, float]:
    """By value: the share of true steps and units where its nonlinearity is flat."""
    is_tanh = {"g", "n"} | ({"h"} if isinstance(tape.cell, ElmanTanh) else set())
    shares = {}
    for name in tape.names:
        values = tape[name][~tape[name].isnan()]
        if name in is_tanh:
            shares[name] = _share(1 - values * values < FLAT)
        elif name in ("o", "r"):
            shares[name] = _share((values < EDGE) | (values > 1 - EDGE))
        elif name in ("f", "z"):
            shares[name] = _share(values < EDGE)
    return shares


def _share(flat: Tensor) -> float:
    return float(flat.double().mean()) if flat.numel() else 0.0
