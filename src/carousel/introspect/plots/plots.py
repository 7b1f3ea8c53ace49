"""`tape.plot`: figures of a tape as altair charts in the style of all figures."""

from __future__ import annotations

from collections.abc import Sequence as Sequences
from typing import Any

from torch import Generator, Tensor

from carousel.common.errors import BadCall
from carousel.introspect import flow
from carousel.introspect.flow.one_tape import Places
from carousel.introspect.plots import lag_profile as lags
from carousel.introspect.plots import saturation as gates
from carousel.introspect.plots.effective_weights import effective_weights
from carousel.introspect.plots.gradient import gradient, norms
from carousel.introspect.plots.labels import Words
from carousel.introspect.plots.raster import Sequence, raster
from carousel.introspect.plots.singular_values import by_rank, singular_values
from carousel.introspect.plots.time_scales import histogram, time_scales
from carousel.introspect.plots.values import Site, array, site
from carousel.nn.kernels import Tape

WORK = 2e9  # of a bound's decompositions, S^3 times lags and sequences: some seconds on one core
SPECTRA = 8  # singular values are averaged over so many sequences, the first, unless asked otherwise


class Plots:
    """Figures of a tape. Each method gives an altair chart: it shows itself in a notebook, `.save("figure.svg")` writes
    it.

    name: the place, "encoder.rnn.l0"; may be left out where only one ran. call: which call of a module that was called
    several times; without it `raster`, `saturation` and `gradient` show all calls one after the other, the others ask
    for one. lang: "en" or "zh". Raises what the tape and `carousel.flow` raise: UnknownName for a site or language,
    NotRecorded for what was not kept, BadCall for what is not defined for the cell.
    """

    def __init__(self, tape: Places):
        self._tape = tape

    def raster(
        self, name: str | None = None, value: str = "f", *, sequence: int = 0, call: int | None = None, lang: str = "en"
    ) -> Any:
        """A gate or state of every unit at every step of one sequence. Units in the order of their means; at most 128
        of them and 280 columns, which are then means over steps. Padding is blank."""
        at, words = self._place("raster", name, call, lang)
        values = at.values(value)
        batch = values.shape[1]
        if not 0 <= sequence < batch:
            raise BadCall("no such sequence in the batch", allowed=f"0 .. {batch - 1}", got=sequence)
        shown = Sequence(values[:, sequence], at.valid[:, sequence], value, at.stride, sequence, batch)
        return raster(shown, words, _step(at, words))

    def lag_profile(
        self,
        name: str | None = None,
        *,
        direction: str | Tensor = "loss",
        generator: Generator | None = None,
        bounded: bool = True,
        call: int | None = None,
        lang: str = "en",
    ) -> Any:
        """How much of the gradient is left k steps before the end (`flow.lag_profile`, with direction and generator as
        there): mean, 10 to 90 % of the sequences, slope and horizon. Dashed: the path through the gates alone
        (`flow.cell_path`) and upper bounds (`flow.bounds`), over as many sequences as take seconds; without
        where `bounded` is False: they take most of the time."""
        at, words = self._place("lag_profile", name, call, lang)
        tape = self._tape.single(name, call)
        if at.cell.gate_names:
            path, profile = flow.cell_path(tape, direction=direction, generator=generator)
        else:
            path, profile = None, flow.lag_profile(tape, direction=direction, generator=generator)
        chosen = _affordable(tape, len(profile.mean)) if bounded else range(0)
        bounds = flow.bounds(tape, sequences=chosen) if chosen else None
        lines = {
            "profile": profile,
            "path": path,
            "by_steps": bounds and bounds.by_steps,
            "by_weights": bounds and bounds.by_weights,
        }
        last, batch = len(profile.mean) - 1, tape["h"].shape[1]
        reading = lags.Reading(flow.slope(profile), flow.horizon(profile), last, len(chosen), batch)
        frame = lags.by_lag({line: _line(line, found) for line, found in lines.items() if found is not None})
        return lags.lag_profile(frame, reading, words)

    def time_scales(self, name: str | None = None, *, call: int | None = None, lang: str = "en") -> Any:
        """For how many steps each unit keeps what it holds: a histogram of `flow.time_scales`, with the length of the
        sequences. For LSTMs (f) and GRUs (z)."""
        at, words = self._place("time_scales", name, call, lang)
        tape = self._tape.single(name, call)
        steps = array(flow.time_scales(tape))
        return time_scales(histogram(steps, at.length), steps, at.length, words)

    def saturation(self, name: str | None = None, *, call: int | None = None, lang: str = "en") -> Any:
        """For each gate and unit, the share of steps at which it is shut (below .1) and open (above .9); for what is a
        tanh, below -.9 and above .9. Of a plain tanh network its state; not defined for a ReLU."""
        at, words = self._place("saturation", name, call, lang)
        limits = gates.gates_of(at.cell.name, at.cell.gate_names)
        values = {gate: at.values(gate) for gate in limits}
        units = next(iter(values.values())).shape[-1]
        return gates.saturation(gates.shares(values, limits), limits, units, words)

    def singular_values(
        self,
        name: str | None = None,
        *,
        lags: Sequences[int] | None = None,
        sequences: Sequences[int] | None = None,
        call: int | None = None,
        lang: str = "en",
    ) -> Any:
        """Singular values of the product of the last k Jacobians (`flow.singular_values`), and how many are above 1e-3.
        lags: values of k, None for 1, 2, 5, 10, 20, 50, 100. sequences: None for the first eight."""
        _, words = self._place("singular_values", name, call, lang)
        tape = self._tape.single(name, call)
        chosen = range(min(SPECTRA, tape[tape.names[0]].shape[1])) if sequences is None else sequences
        found = flow.singular_values(tape, lags=lags, sequences=chosen)
        return singular_values(by_rank(found.lags, array(found.logs)), len(chosen), words)

    def effective_weights(
        self, name: str | None = None, *, sequence: int = 0, call: int | None = None, lang: str = "en"
    ) -> Any:
        """With what weight each step of a sequence enters each later cell state (`flow.effective_weights`), mean
        over the units. For LSTMs. At most 200 rows and columns, which are then means over steps."""
        _, words = self._place("effective_weights", name, call, lang)
        tape = self._tape.single(name, call)
        weights = array(flow.effective_weights(tape, sequence=sequence).map)
        return effective_weights(weights, tape.run.reverse, sequence, tape["c"].shape[1], words)

    def gradient(self, name: str | None = None, *, call: int | None = None, lang: str = "en") -> Any:
        """The norm of the total derivative of the loss with respect to h (and c) at every step: median and 10 to 90 %
        of the sequences, on a logarithmic axis. Where it is exactly 0, or no finite number, the edge is marked."""
        at, words = self._place("gradient", name, call, lang)
        kept = self._tape.track(name).names
        states = [state for state in at.cell.state_names if state in kept] or ["h"]
        found = norms({state: at.gradients(state) for state in states}, at.valid, at.stride)
        kind = str(at.calls[0][states[0]].dtype).removeprefix("torch.")
        return gradient(found, words, _step(at, words), kind)

    def _place(self, figure: str, name: str | None, call: int | None, lang: str) -> tuple[Site, Words]:
        found = site(self._tape, name, call)
        return found, Words(figure, found.name, lang, found.calls[0].run.reverse)


def _affordable(tape: Tape, lags: int) -> range:
    """The first sequences of the batch whose bounds take seconds: none where a single one takes longer."""
    states = sum(tape[name].shape[-1] for name in tape.cell.state_names)
    return range(min(tape["h"].shape[1], int(WORK // (states**3 * lags))))


def _step(at: Site, words: Words) -> str:
    """The title of the axis of time."""
    return words.shared("kept_step" if at.several and at.calls[0].run.every > 1 else "step")


def _line(line: str, found: flow.LagProfile) -> Any:
    """The band of the profile alone is drawn."""
    mean, low, high = map(array, found)
    return (mean, low, high) if line == "profile" else mean
