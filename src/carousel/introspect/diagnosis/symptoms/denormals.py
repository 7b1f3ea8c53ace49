"""Numbers so small that the processor computes with them many times slower."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from carousel.common.errors import NotRecorded
from carousel.introspect.diagnosis.code_names import percent
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.lr_probe import has_learned
from carousel.introspect.diagnosis.finding import Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.observe.unrolled_cells import longest_runs
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.nn.kernels import Tape

SHARE = 1e-3  # of the numbers looked at
#: bits of a float: the integer type of its size, all but the sign, and the smallest normal number
_BITS = {
    torch.float32: (torch.int32, 0x7FFFFFFF, 0x00800000),
    torch.float64: (torch.int64, 0x7FFFFFFFFFFFFFFF, 0x0010000000000000),
}


@final
class Denormals(Symptom):
    """Measured: how many of the recorded states and of their total derivatives are subnormal (between 0 and the
    smallest normal number, 1.2e-38 in float32), counted one by one. Found where more than one in a thousand is,
    at any site: denormals slowed recurrent backward passes up to twenty times where Carousel measured
    it.
    """

    id = "denormals"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        counts = {site: _counted(run.tape) for site, run in longest_runs(context.trace).items()}
        site = max(counts, key=lambda name: counts[name][0] / max(counts[name][1], 1))
        small, total = counts[site]
        if small <= SHARE * total:
            return []
        values = {"share": percent(small / total), "count": f"{small:,}", "total": f"{total:,}"}
        severity: Severity = "info" if has_learned(context) else "warning"  # a loss of 1e-8 has such derivatives
        return [Finding(self.id, severity, "high", "torch.set_flush_denormal(True)", values, site)]


def _counted(tape: Tape) -> tuple[int, int]:
    """(subnormal numbers, all numbers), padding aside."""
    found = [(subnormal(values), int((~values.isnan()).sum())) for values in _numbers(tape)]
    return sum(small for small, _ in found), sum(total for _, total in found)


def _numbers(tape: Tape) -> Iterator[Tensor]:
    for name in tape.cell.state_names:
        yield tape[name]
        try:
            yield tape.gradient(name)
        except NotRecorded:
            return  # no derivative arrived


def subnormal(values: Tensor) -> int:
    """How many numbers are subnormal, counted by their bits: with denormals flushed, a comparison would take them
    for 0."""
    if values.dtype not in _BITS:
        return 0
    whole, mask, least = _BITS[values.dtype]
    bits = values.detach().contiguous().view(whole) & mask
    return int(((bits > 0) & (bits < least)).sum())
