"""How far back the gradient reaches in every recurrent layer, and how far back it must."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.lengths import lengths_of, sequence_lengths
from carousel.introspect.diagnosis.facts.output_usage import OutputUsage, output_usage, read_share
from carousel.introspect.diagnosis.observe.tape_gradients import has_gradient_at_end
from carousel.introspect.diagnosis.observe.trace import ModuleCall
from carousel.introspect.diagnosis.observe.unrolled_cells import LongestRun, longest_runs
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


class GradientHorizon(NamedTuple):
    """One layer in one direction: its longest run, lag profile, horizon in steps, slope in nats per step (None
    where too short)."""

    site: str
    tape: Tape
    call: int | None
    direction: str
    profile: LagProfile
    horizon: int
    slope: float | None


class RequiredReach(NamedTuple):
    """reach: how many steps back the loss must reach. layers: those that run over these steps."""

    reach: int
    layers: list[GradientHorizon]

    @property
    def best(self) -> GradientHorizon:
        """The layer that reaches farthest: a stack is as long as its longest."""
        return max(self.layers, key=lambda each: each.horizon)

    @property
    def is_short(self) -> bool:
        """Whether even that one falls short."""
        enough = SHORT if self.best.tape.cell.gate_names else SHORT_ELMAN
        return self.best.horizon < (enough if self.reach >= FEW else SHORT_OF_FEW) * self.reach


@fact
def gradient_horizons(context: Context) -> list[GradientHorizon]:
    """Of every layer that runs two steps or more, in the order of the sites; layers with layer_norm are left out."""
    return [
        _horizon(context, site, run)
        for site, run in longest_runs(context.trace).items()
        if run.tape.run.length > 1 and not run.tape.cell.layer_norm and _is_finite(run.tape)
    ]


def required_reaches(context: Context) -> list[RequiredReach]:
    """How far back the loss must reach: `dependency` where it is given; else the whole of the sequences
    whose end alone is read, by the loss or by another module (an encoder's last state). Empty where most steps are
    read: then the task alone knows."""
    found = gradient_horizons(context)
    if context.known.dependency is not None:
        return [RequiredReach(context.known.dependency, found)] if found else []
    sites = {s for calls in context.trace.modules if _is_read_at_end(context, calls) for s in calls[0].target.names}
    ends = {each.tape.run.length: each for each in found if each.site in sites}
    return [
        RequiredReach(true_length(context, end.tape) - 1, [each for each in found if each.tape.run.length == steps])
        for steps, end in sorted(ends.items())
    ]


def true_length(context: Context, tape: Tape) -> int:
    """The median length of a run's sequences."""
    if tape.run.lengths is not None:
        return int(tape.run.lengths.double().median())
    known = sequence_lengths(context)
    fits = known is not None and len(known.values) == tape["h"].shape[1] and int(known.values.max()) <= tape.run.length
    return int(known.values.double().median()) if known is not None and fits else tape.run.length


def _is_read_at_end(context: Context, calls: list[ModuleCall]) -> bool:
    """In every call that is read at all."""
    if calls[0].is_cell:
        return calls[0].module is context.trace.top[0].module and read_share(context) <= AT_END
    usage = [found for call in calls if (found := output_usage(call)) is not None and bool(found.either.any())]
    known = lengths_of(context, calls)
    return bool(usage) and all(_is_at_end(each, None if known is None else known.values.cpu()) for each in usage)


def _is_at_end(usage: OutputUsage, lengths: Tensor | None) -> bool:
    """Whether one direction is read at its own end alone."""
    steps, batch = usage.forward.shape
    last = (torch.full((batch,), steps) if lengths is None or len(lengths) != batch else lengths) - 1
    early = torch.arange(steps).unsqueeze(1) < (1 - AT_END) * last
    late = torch.arange(steps).unsqueeze(1) > AT_END * last
    if bool(usage.forward.any()) and not bool((usage.forward & early).any()):
        return True
    return usage.backward is not None and bool(usage.backward.any()) and not bool((usage.backward & late).any())


def _horizon(context: Context, site: str, run: LongestRun) -> GradientHorizon:
    direction = "loss" if has_gradient_at_end(run.tape) else "random"
    profile = lag_profile(run.tape, direction=direction, generator=context.generator)
    return GradientHorizon(site, run.tape, run.call, direction, profile, horizon(profile), slope(profile))


def profile_figure(context: Context, layer: GradientHorizon) -> Callable[[str], Any] | None:
    """Its lag profile as a figure; None where a *Cell module was unrolled over many calls."""
    if layer.call is None:
        return None

    def drawn(lang: str) -> Any:
        generator = torch.Generator().manual_seed(0)
        return context.trace.tape.plot.lag_profile(
            layer.site, direction=layer.direction, generator=generator, bounded=False, call=layer.call, lang=lang
        )

    return drawn


def _is_finite(tape: Tape) -> bool:
    """Padding, which is NaN, aside."""
    return all(not bool(tape[n].isinf().any()) and bool(tape[n][:1].isfinite().all()) for n in tape.cell.state_names)
