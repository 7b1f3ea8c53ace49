"""Which figures of `tape.plot` a recorded layer has: asked beforehand, so that one which fails is a fault and shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Generator

from carousel.introspect import flow
from carousel.introspect.diagnosis.observe.tape_gradients import has_gradient_at_end, tape_gradient
from carousel.introspect.flow.forget_path import carrying_gate
from carousel.introspect.plots import Plots
from carousel.introspect.record import ModelTape, Track
from carousel.nn.kernels import Tape
from carousel.nn.kernels.run_info import versions_of

#: How the flow of the gradient is, then what the gates do.
ORDER = ("lag_profile", "gradient", "time_scales", "singular_values", "raster", "effective_weights", "saturation")
SPECTRA = 8  # sequences whose singular values are averaged, where that is cheap
WORK = 1.5e10  # multiplications of S x S matrices times lags and sequences: about a second on one core


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
        return Pictures(tuple(_simple(tape.plot, site, None, track)))
    return Pictures(())


def intact(tape: ModelTape) -> bool:
    """Whether the weights are still those of the recorded run: what follows from Jacobians can be drawn only then."""
    return all(_intact(call) for track in tape.values() for call in track.calls)


def _of_call(plot: Plots, site: str, call: int | None, tape: Tape) -> Pictures:
    simple = _simple(plot, site, call, tape)
    if not _intact(tape):
        return Pictures(tuple(simple), ("changed",))
    if tape.cell.layer_norm or not _finite(tape):
        return Pictures(tuple(simple))
    few = _affordable(tape)
    flowing = [_lag_profile(plot, site, call, tape)]
    if _has_time_scales(tape):
        flowing.append(Picture("time_scales", lambda lang: plot.time_scales(site, call=call, lang=lang)))
    if few:
        spectrum = partial(plot.singular_values, site, sequences=few, call=call)
        flowing.append(Picture("singular_values", lambda lang: spectrum(lang=lang)))
    if "c" in tape.names:
        flowing.append(Picture("effective_weights", lambda lang: plot.effective_weights(site, call=call, lang=lang)))
    found = {picture.name: picture for picture in (*flowing, *simple)}
    return Pictures(tuple(found[name] for name in ORDER if name in found), () if few else ("costly",))


def _simple(plot: Plots, site: str, call: int | None, source: Tape | Track) -> list[Picture]:
    """What shows the recorded numbers as they are."""
    cell = (source.calls[0] if isinstance(source, Track) else source).run.view
    value = next(name for name in ("f", "z", "h") if name in source.names)
    found = [Picture("raster", lambda lang: plot.raster(site, value, call=call, lang=lang))]
    if cell.gate_names or cell.name == "rnn":
        found.append(Picture("saturation", lambda lang: plot.saturation(site, call=call, lang=lang)))
    if tape_gradient(source, "h") is not None:
        found.append(Picture("gradient", lambda lang: plot.gradient(site, call=call, lang=lang)))
    return found


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


def _has_time_scales(tape: Tape) -> bool:
    if carrying_gate(tape.cell) is None:
        return False
    steps = flow.time_scales(tape)
    return bool((steps.isfinite() & (steps > 0)).any())


def _affordable(tape: Tape) -> range:
    """The first sequences whose singular values take about a second in all; none where a single one takes long."""
    lengths = tape.run.lengths
    lags = min(100, tape.run.length if lengths is None else int(lengths.min()))
    states = sum(tape[name].shape[-1] for name in tape.cell.state_names)
    one = states**3 * lags
    return range(min(SPECTRA, tape["h"].shape[1], max(int(WORK // one), int(one <= 4 * WORK))))
