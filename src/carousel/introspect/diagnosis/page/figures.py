"""Which figures of `tape.plot` a recorded layer has: asked beforehand, so that one which fails is a fault and shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Generator, Tensor

from carousel.introspect.diagnosis.observe.tape_gradients import has_gradient_at_end, tape_gradient
from carousel.introspect.plots import Plots
from carousel.introspect.plots.saturation import gates_of
from carousel.introspect.record import ModelTape, Track
from carousel.nn.kernels import Tape
from carousel.nn.kernels.run_info import versions_of


@dataclass(frozen=True)
class Picture:
    """name: of the method of `tape.plot`. draw: language -> chart. note: a key under doctor.page.note, or ""."""

    name: str
    draw: Callable[[str], Any]
    note: str = ""


@dataclass(frozen=True)
class Pictures:
    """Of one site. notes: keys under doctor.page.note, of what was left out though it is defined."""

    drawn: tuple[Picture, ...]
    notes: tuple[str, ...] = field(default=())


def pictures(tape: ModelTape, site: str) -> Pictures:
    """The figures of one site, of its longest call; nothing where it did not run for two steps.

    Calls of one step each (a *Cell module) are shown one after the other, in what needs no Jacobian between them.
    """
    track = tape[site]
    lengths = [call.run.length for call in track.calls]
    if max(lengths, default=0) > 1:
        call = lengths.index(max(lengths))
        return _of_call(tape.plot, site, call if len(lengths) > 1 else None, track.calls[call])
    if len(lengths) > 1 and len({tuple(call["h"].shape) for call in track.calls}) == 1:
        return Pictures((*_simple(tape.plot, site, None, track), *_gradient(tape.plot, site, None, track)))
    return Pictures(())


def intact(tape: ModelTape) -> bool:
    """Whether the weights are still those of the recorded run: what follows from Jacobians can be drawn only then."""
    return all(_intact(call) for track in tape.values() for call in track.calls)


def _of_call(plot: Plots, site: str, call: int | None, tape: Tape) -> Pictures:
    simple = _simple(plot, site, call, tape)
    if not _intact(tape):
        return Pictures((*simple, *_gradient(plot, site, call, tape)), ("changed",))
    if tape.cell.layer_norm or not _finite(tape):
        return Pictures((*simple, *_gradient(plot, site, call, tape)))
    return Pictures((_lag_profile(plot, site, call, tape), *simple))


def _simple(plot: Plots, site: str, call: int | None, source: Tape | Track) -> list[Picture]:
    """What shows the recorded numbers as they are: a gate or state, and the gates where some are shut or open."""
    value = next(name for name in ("f", "z", "h") if name in source.names)
    found = [Picture("raster", lambda lang: plot.raster(site, value, call=call, lang=lang))]
    if _saturated(source):
        found.append(Picture("saturation", lambda lang: plot.saturation(site, call=call, lang=lang)))
    return found


def _saturated(source: Tape | Track) -> bool:
    """Whether a unit is shut or open at a tenth of all steps: else that figure shows points at 0."""
    cell = (source.calls[0] if isinstance(source, Track) else source).run.view
    if not cell.gate_names and cell.name != "rnn":
        return False
    calls = source.calls if isinstance(source, Track) else (source,)
    return any(_outside(calls, gate, *ends) > 0.1 for gate, ends in gates_of(cell.name, cell.gate_names).items())


def _outside(calls: Sequence[Tape], gate: str, low: float, high: float) -> float:
    """The largest share, of one unit, of steps outside the limits; padding does not count."""
    there = torch.cat([_true_steps(call, gate) for call in calls])
    return float(((there < low) | (there > high)).float().mean(0).max())


def _true_steps(call: Tape, gate: str) -> Tensor:
    """[steps, H]"""
    values, valid = call[gate].cpu(), call.run.valid
    return values.flatten(0, 1) if valid is None else values[valid.cpu()]


def _gradient(plot: Plots, site: str, call: int | None, source: Tape | Track) -> list[Picture]:
    """Step by step, where it cannot be followed back through the steps."""
    if tape_gradient(source, "h") is None:
        return []
    return [Picture("gradient", lambda lang: plot.gradient(site, call=call, lang=lang))]


def _lag_profile(plot: Plots, site: str, call: int | None, tape: Tape) -> Picture:
    if has_gradient_at_end(tape):
        return Picture("lag_profile", lambda lang: plot.lag_profile(site, bounded=False, call=call, lang=lang))

    def from_anywhere(lang: str) -> Any:
        seeded = Generator().manual_seed(0)
        return plot.lag_profile(site, direction="random", generator=seeded, bounded=False, call=call, lang=lang)

    return Picture("lag_profile", from_anywhere, "random_direction")


def _intact(tape: Tape) -> bool:
    return versions_of(tape.run.view) == tape.run.versions


def _finite(tape: Tape) -> bool:
    """Whether every state and gate is a number, padding aside."""
    padding = torch.tensor(False) if tape.run.valid is None else ~tape.run.valid.cpu().unsqueeze(-1)
    return all(bool((tape[name].cpu().isfinite() | padding).all()) for name in tape.names)
