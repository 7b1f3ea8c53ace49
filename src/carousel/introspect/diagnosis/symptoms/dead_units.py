"""Units that never change, or that all do the same."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from carousel.introspect.diagnosis.code_names import code_name, percent
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.remedies import redrawn
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.unrolled_cells import longest_runs
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.nn.cells import Cell
from carousel.nn.kernels import Tape

LEAST = 20  # true steps over all sequences
STILL = 1e-6  # of a unit's largest value: less is rounding
DEAD = 0.25  # share of the units; a ReLU network of healthy size loses a few on one batch by chance
TWINS = 0.1  # share of the units
SAME = 1e-5  # of the largest value: the rounding of some hundred steps in float32
AT_END = 0.01  # from the end of tanh


@final
class DeadUnits(Symptom):
    """Measured: the state of every unit (h; c of an LSTM) over all true steps. Dead is a unit whose h stays the same
    throughout. Twins are units that run through the same values, as a constant initialisation makes them: whatever
    the gradient cannot tell apart stays so. Units at the ends of tanh are twins only where the weights into
    them are equal too; else they look alike because they are saturated (`saturated-gates`).
    Found where a quarter is dead or a tenth are twins; critical where all are.
    """

    id = "dead-units"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        runs = {site: run.tape for site, run in longest_runs(context.trace).items()}
        enough = {site: tape for site, tape in runs.items() if len(true_rows(tape, "h")) >= LEAST}
        if not enough:
            return self.not_assessed("few_steps", least=str(LEAST))
        return [f for site, tape in enough.items() if (f := self._layer(context, site, tape)) is not None]

    def _layer(self, context: Context, site: str, tape: Tape) -> Finding | None:
        h, state = true_rows(tape, "h"), true_rows(tape, tape.cell.state_names[-1])
        if not bool(state.isfinite().all()):
            return None  # `exploding` has it
        dead, twins = float(is_still(h).double().mean()), twin_share(state, incoming(tape.cell))
        if dead < DEAD and twins < TWINS:
            return None
        module_call = context.trace.call_at(site)
        fix = redrawn(code_name(module_call.name), module_call.module)
        form = "evidence" if dead >= max(DEAD, twins) else "twins"
        values = {"share": percent(dead), "twins": percent(twins), "units": str(h.shape[1]), "points": str(len(h))}
        return Finding(
            self.id, "critical" if max(dead, twins) == 1 else "warning", "high", fix, values,
            site, form, lambda lang: context.trace.tape.plot.raster(site, "h", lang=lang),
        )  # fmt: skip


def true_rows(tape: Tape, name: str) -> Tensor:
    """[N, H]: a state at every true step."""
    values = tape[name].flatten(0, 1)
    return values[~values.isnan().any(1)]


def is_still(values: Tensor) -> Tensor:
    """[H] bool: units that never change."""
    return values.amax(0) - values.amin(0) <= STILL * values.abs().amax(0)


def incoming(cell: Cell) -> Tensor:
    """[units, n]: the input weights and biases of every unit, of all its gates. The recurrent ones say nothing more of
    two units that run alike."""
    parts = [t.detach().double().cpu() for t in (cell.weight_ih, cell.bias_ih, cell.bias_hh) if t is not None]
    rows = torch.cat([part.reshape(len(part), -1) for part in parts], dim=1)
    return rows.reshape(len(cell.blocks), -1, rows.shape[1]).transpose(0, 1).flatten(1)


def twin_share(values: Tensor, weights: Tensor) -> float:
    """Share of the units that have a twin. values: [N, H]; weights: [units, n] of `incoming`; units at the ends of tanh
    are twins only where these are equal too."""
    moving = ~is_still(values)
    flat = ((1 - values.abs()).abs() < AT_END).double().mean(0) > 0.5  # c may lie beyond 1, where nothing is flat
    inputs = torch.where(flat.cpu().unsqueeze(1), weights, 0.0)
    units = torch.cat([values.T.double().cpu(), inputs], dim=1)[moving.cpu()]  # [of H, N + n]
    if len(units) < 2:
        return 0.0
    shades = units @ torch.linspace(1, 2, units.shape[1], dtype=units.dtype).sin()  # equal rows come together
    near = units[shades.argsort()]
    close = (near[1:] - near[:-1]).abs().amax(1) <= SAME * units.abs().amax()
    none = torch.zeros(1, dtype=torch.bool)
    twins = torch.cat([none, close]) | torch.cat([close, none])
    return float(twins.sum()) / values.shape[1]
