"""One run for each site of a model: the longest call of a layer, or a *Cell module unrolled over its calls."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.observe.tape_gradients import tape_gradient
from carousel.introspect.diagnosis.observe.trace import Trace
from carousel.nn.kernels import Tape


class LongestRun(NamedTuple):
    """call: the number of the call that the tape is of; None where it was unrolled over several."""

    tape: Tape
    call: int | None


def longest_runs(trace: Trace) -> dict[str, LongestRun]:
    """Site -> its longest run, in the order of the sites. A *Cell module runs one step a call; calls that each start
    from the state that the one before ended with are one run over time."""
    return {site: _longest(calls) for site, calls in trace.runs.items()}


def _longest(calls: list[Tape]) -> LongestRun:
    chain = max(_chains(calls), key=lambda chain: sum(tape.run.length for tape in chain))
    if len(chain) > 1:
        return LongestRun(_unrolled(chain), None)
    return LongestRun(chain[0], next(number for number, tape in enumerate(calls) if tape is chain[0]))


def _chains(calls: list[Tape]) -> list[list[Tape]]:
    """Calls of several steps stay alone: whoever cuts a sequence into windows wants them separate."""
    chains = [[calls[0]]]
    for tape in calls[1:]:
        if tape.run.length == 1 and chains[-1][-1].run.length == 1 and _continues(chains[-1][-1], tape):
            chains[-1].append(tape)
        else:
            chains.append([tape])
    return chains


def _continues(before: Tape, after: Tape) -> bool:
    initial = after.run.initial
    if initial is None or before.run.reverse != after.run.reverse:
        return False
    ends = [before[name][-1] for name in before.cell.state_names]
    return all(torch.equal(end, start) for end, start in zip(ends, initial, strict=True))


class _Steps:
    """A recording made of several of one step each."""

    def __init__(self, tapes: list[Tape]):
        self._tapes = tapes

    def value(self, name: str) -> Tensor:
        """[T, B, H]."""
        return torch.cat([tape[name] for tape in self._tapes])

    def gradient(self, name: str) -> Tensor | None:
        """[T, B, H]; 0 at steps that the loss does not depend on, None where it depends on none."""
        parts = [tape_gradient(tape, name) for tape in self._tapes]
        if all(part is None for part in parts):
            return None
        pairs = zip(self._tapes, parts, strict=True)
        return torch.cat([torch.zeros_like(tape[name]) if part is None else part for tape, part in pairs])


def _unrolled(tapes: list[Tape]) -> Tape:
    first = tapes[0]
    return Tape(first.names, _Steps(tapes), replace(first.run, length=len(tapes)), gradients=True)
