"""What goes into the lowest recurrent layer has not been brought to scale."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from carousel.introspect.diagnosis.code_names import code_name, number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.input_scale import input_rows, is_learned, lowest, standardise
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.trace import ModuleCall
from carousel.introspect.diagnosis.symptoms.base import Symptom

LARGE = 10.0  # root mean square of a channel: ten times what initialisations are made for
TINY = 1e-3  # of the largest channel: the input is lost next to the biases
UNEQUAL = 100.0  # ratio of the channels' sizes
SPARSE = 0.5  # share of zeros from which a channel's size is that of its other values (one-hot codes, counts)


@final
class UnscaledInput(Symptom):
    """Measured: per channel, over true steps, the root mean square and the standard deviation of what enters each
    recurrent module that no other feeds, so that embeddings and normalisation before it count.

    Found where a channel's root mean square is above 10; and, of data that no trained layer comes before, where all
    lie below a thousandth, or the standard deviations of two channels are a hundredfold apart. Weights are drawn for
    inputs of about unit size (LeCun et al. 1998; Glorot, Bengio 2010): at 10, eight channels drive the gates of a stock
    LSTM with H = 64 to +-2. Constant channels are left out, of sparse ones the zeros, so that one-hot codes, counts and
    values in 0 .. 1 are fine.
    """

    id = "unscaled-input"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        return [found for calls in lowest(context) if (found := self._module(context, calls)) is not None]

    def _module(self, context: Context, calls: list[ModuleCall]) -> Finding | None:
        x = input_rows(context, calls).double()
        rms, learned = x.square().mean(0).sqrt(), is_learned(calls)
        sizes = channel_sizes(x)
        moving = sizes[sizes > 0]
        apart = float(moving.max() / moving.min()) if len(moving) else 1.0
        form = _form(float(rms.max()), apart, bool(len(moving)), learned)
        if form is None:
            return None
        small = int(torch.where(sizes > 0, sizes, torch.inf).argmin())
        values = {
            "rms": number(float(rms.max())), "channel": str(int(rms.argmax())), "apart": number(apart),
            "small": str(small), "large": str(int(sizes.argmax())), "channels": str(len(rms)),
            "mean": number(float(x.mean(0)[rms.argmax()])),
        }  # fmt: skip
        fix = _normalise(calls) if learned else standardise(x, "0" if _is_unbatched(calls[0]) else "(0, 1)")
        return Finding(self.id, "warning", "high", fix, values, calls[0].name, form)


def channel_sizes(x: Tensor) -> Tensor:
    """[I]: the standard deviation of each channel; of a sparse one the root mean square of what is not 0; 0 for a
    constant channel."""
    spread = x.std(0, correction=0)
    there = (x != 0).sum(0)
    sparse = there <= (1 - SPARSE) * len(x)
    sizes = torch.where(sparse, (x.square().sum(0) / there.clamp(min=1)).sqrt(), spread)
    return torch.where(spread > 1e-6 * x.abs().amax(0), sizes, 0.0)


def _form(largest: float, apart: float, moves: bool, learned: bool) -> str | None:
    if largest > LARGE:
        return "evidence"
    if learned or not moves:
        return None
    if largest < TINY:
        return "tiny"
    return "apart" if apart > UNEQUAL else None


def _normalise(calls: list[ModuleCall]) -> str:
    return f"x = torch.nn.functional.layer_norm(x, x.shape[-1:])  # before {code_name(calls[0].name)}"


def _is_unbatched(call: ModuleCall) -> bool:
    return isinstance(call.x, Tensor) and call.x.dim() == 2 and not call.is_cell
