"""Where the loss uses the output of a recurrent module: the steps at which a gradient reaches it directly."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.lengths import sequence_lengths
from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.diagnosis.observe.trace import ModuleCall


class OutputUsage(NamedTuple):
    """forward, backward: [T, B] bool, True where the loss reads the forward or the backward direction's h; backward is
    None for one direction."""

    forward: Tensor
    backward: Tensor | None

    @property
    def either(self) -> Tensor:
        """[T, B] bool."""
        return self.forward if self.backward is None else self.forward | self.backward


def output_usage(call: ModuleCall) -> OutputUsage | None:
    """Of one call of a layer; None for a *Cell."""
    if call.is_cell:
        return None
    module: Any = call.module
    lengths = call.own_lengths
    steps, batch = call.input_TBI.shape[:2]
    direct = _direct(call, steps, batch)
    width = module.proj_size or module.hidden_size
    forward = (direct[..., :width] != 0).any(-1)
    backward = (direct[..., width:] != 0).any(-1) if module.bidirectional else None
    last = torch.full((batch,), steps) if lengths is None else lengths
    for final in call.final:
        if final.requires_grad and final.grad is not None:
            used = (_batched(final.grad) != 0).any(-1)  # [layers * directions, B]
            ends = used[-2 if module.bidirectional else -1]
            forward = forward | (ends & (torch.arange(steps).unsqueeze(1) == last - 1))
            if backward is not None:
                backward = backward | (used[-1] & (torch.arange(steps).unsqueeze(1) == 0))
    return OutputUsage(forward, backward)


@fact
def read_share(context: Context) -> float:
    """Share of the true steps that the loss reads directly: 1 / T where only the last is."""
    masks = [usage.either for call in context.trace.top if (usage := output_usage(call)) is not None]
    if not masks:
        return 1.0 if output_has_time(context) else 1 / context.trace.steps
    steps, lengths = sum(mask.shape[0] * mask.shape[1] for mask in masks), sequence_lengths(context)
    if lengths is not None:
        steps = int(lengths.values.sum()) * len(masks)
    return min(sum(int(mask.sum()) for mask in masks) / steps, 1.0)


@fact
def output_has_time(context: Context) -> bool:
    """Whether the model's output has an answer for every step, by its shape: [B, T, ...], [T, B, ...], [B, C, T] or
    [B * T, ...]."""
    trace = context.trace
    shape = () if trace.answer is None else tuple(trace.answer.shape)
    steps, batch = trace.steps, trace.batch_size
    if shape[:1] == (batch * steps,) and 1 not in (batch, steps):
        return True
    if len(shape) == 2 and shape in ((batch, steps), (steps, batch)):  # may be T classes, unless targets are so too
        given = {id(t) for t in tensors_of([trace.inputs, trace.keywords])}
        targets = [t for t in tensors_of(context.batch) if id(t) not in given]
        return not targets or any(tuple(t.shape[:2]) in ((batch, steps), (steps, batch)) for t in targets)
    return len(shape) > 2 and (shape[:2] in ((batch, steps), (steps, batch)) or shape[::2] == (batch, steps))


def _direct(call: ModuleCall, steps: int, batch: int) -> Tensor:
    """[T, B, directions * H]: the direct part of the loss's derivative with respect to the output; 0 at padding."""
    output: Any = call.output
    data = output.data if isinstance(output, PackedSequence) else output
    if not data.requires_grad or data.grad is None:
        return torch.zeros(steps, batch, data.shape[-1])
    if isinstance(output, PackedSequence):
        found, _ = pad_packed_sequence(output._replace(data=data.grad.cpu()))
        return torch.cat([found, found.new_zeros(steps - len(found), *found.shape[1:])])
    found = data.grad.detach().cpu()
    if found.dim() == 2:
        return found.unsqueeze(1)
    return found.transpose(0, 1) if call.batch_first else found


def _batched(states: Tensor) -> Tensor:
    return states.detach().cpu() if states.dim() == 3 else states.detach().cpu().unsqueeze(1)
