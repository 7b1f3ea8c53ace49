"""How far back the gradient travels in every recurrent layer of a patient, and how far back it must."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from carousel.introspect.diagnosis.code_names import belongs
from carousel.introspect.diagnosis.context import Patient
from carousel.introspect.diagnosis.facts.output_usage import Reads
from carousel.introspect.diagnosis.observe.tape_gradients import arrives_at_end
from carousel.introspect.diagnosis.observe.trace import Visit
from carousel.introspect.diagnosis.observe.unrolled_cells import Longest, longest_runs
from carousel.introspect.flow import LagProfile, horizon, lag_profile, slope
from carousel.nn.kernels import Tape

#: A horizon is short where it covers less than this share of what must be reached. Measured here: delayed recall of
#: one of 8 symbols, 1,500 Adam steps, H = 40, T = 10 to 100. LSTM and GRU below .6: none of 10 learned; above, 52 of
#: 64. At .6 an LSTM with forget bias 1 at T = 50 would be on the edge. Elman networks still learned with .41 (stock,
#: T = 30) and .46 (orthogonal, T = 100).
SHORT, SHORT_ELMAN = 0.5, 0.35
#: Of fewer steps than this a few units make too rough a profile: there a horizon must be shorter to count.
FEW, SHORT_OF_FEW = 12, 1 / 3
AT_END = 0.2  # a loss that reads only within this last share of the steps reads the end


class Travel(NamedTuple):
    """One layer in one direction: its longest run, lag profile, horizon in steps, slope in nats per step (None
    where too short)."""

    site: str
    tape: Tape
    call: int | None
    direction: str
    profile: LagProfile
    horizon: int
    slope: float | None


class Need(NamedTuple):
    """reach: how many steps back the loss must reach. layers: those that run over these steps."""

    reach: int
    layers: list[Travel]

    @property
    def best(self) -> Travel:
        """The layer that reaches farthest: a stack is as long as its longest."""
        return max(self.layers, key=lambda each: each.horizon)

    @property
    def is_short(self) -> bool:
        """Whether even that one falls short."""
        enough = SHORT if self.best.tape.cell.gate_names else SHORT_ELMAN
        return self.best.horizon < (enough if self.reach >= FEW else SHORT_OF_FEW) * self.reach


_TRAVELS: WeakKeyDictionary[Patient, list[Travel]] = WeakKeyDictionary()  # three symptoms ask for the same


def travels(patient: Patient) -> list[Travel]:
    """Of every layer that runs two steps or more, in the order of the sites; layers with layer_norm are left out."""
    if patient not in _TRAVELS:
        _TRAVELS[patient] = [
            _travel(patient, site, run)
            for site, run in longest_runs(patient).items()
            if run.tape.run.length > 1 and not run.tape.cell.layer_norm and _is_finite(run.tape)
        ]
    return _TRAVELS[patient]


def needs(patient: Patient) -> list[Need]:
    """How far back the loss must reach: as told; else the whole of the sequences whose end alone is read, by
    the loss or by another module (an encoder's last state). None where most steps are read: then the task alone
    knows."""
    found = travels(patient)
    if patient.known.dependency is not None:
        return [Need(patient.known.dependency, found)] if found else []
    modules = [calls[0].name for calls in patient.modules if _is_read_at_end(patient, calls)]
    ends = {each.tape.run.length: each for each in found if any(belongs(each.site, name) for name in modules)}
    return [
        Need(true_length(patient, end.tape) - 1, [each for each in found if each.tape.run.length == steps])
        for steps, end in sorted(ends.items())
    ]


def true_length(patient: Patient, tape: Tape) -> int:
    """The median length of a run's sequences."""
    if tape.run.lengths is not None:
        return int(tape.run.lengths.double().median())
    known = patient.lengths
    fits = known is not None and len(known.values) == tape["h"].shape[1] and int(known.values.max()) <= tape.run.length
    return int(known.values.double().median()) if known is not None and fits else tape.run.length


def _is_read_at_end(patient: Patient, calls: list[Visit]) -> bool:
    """In every call that is read at all."""
    if calls[0].is_cell:
        return calls[0].module is patient.top[0].module and patient.read_share <= AT_END
    reads = [found for visit in calls if (found := patient.reads_of(visit)) is not None and bool(found.either.any())]
    known = patient.lengths_of(calls)
    return bool(reads) and all(_is_at_end(each, None if known is None else known.values.cpu()) for each in reads)


def _is_at_end(reads: Reads, lengths: Tensor | None) -> bool:
    """Whether one direction is read at its own end alone."""
    steps, batch = reads.forward.shape
    last = (torch.full((batch,), steps) if lengths is None or len(lengths) != batch else lengths) - 1
    early = torch.arange(steps).unsqueeze(1) < (1 - AT_END) * last
    late = torch.arange(steps).unsqueeze(1) > AT_END * last
    if bool(reads.forward.any()) and not bool((reads.forward & early).any()):
        return True
    return reads.backward is not None and bool(reads.backward.any()) and not bool((reads.backward & late).any())


def _travel(patient: Patient, site: str, run: Longest) -> Travel:
    direction = "loss" if arrives_at_end(run.tape) else "random"
    profile = lag_profile(run.tape, direction=direction, generator=patient.generator)
    return Travel(site, run.tape, run.call, direction, profile, horizon(profile), slope(profile))


def picture(patient: Patient, layer: Travel) -> Callable[[str], Any] | None:
    """Its lag profile as a figure; None where a *Cell module was joined of many calls."""
    if layer.call is None:
        return None

    def drawn(lang: str) -> Any:
        generator = torch.Generator().manual_seed(0)
        return patient.seen.tape.plot.lag_profile(
            layer.site, direction=layer.direction, generator=generator, call=layer.call, lang=lang
        )

    return drawn


def _is_finite(tape: Tape) -> bool:
    """Padding, which is NaN, aside."""
    return all(not bool(tape[n].isinf().any()) and bool(tape[n][:1].isfinite().all()) for n in tape.cell.state_names)
