"""Where the loss reads a recurrent module: the steps at which a gradient reaches its output directly."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from carousel.introspect.diagnosis.observe.trace import Visit


class Reads(NamedTuple):
    """forward, backward: [T, B] bool, True where the loss reads the forward or the backward direction's h; backward is
    None for one direction."""

    forward: Tensor
    backward: Tensor | None

    @property
    def either(self) -> Tensor:
        """[T, B] bool."""
        return self.forward if self.backward is None else self.forward | self.backward


def reads_of(visit: Visit, lengths: Tensor | None, steps: int, batch: int) -> Reads | None:
    """Of one call of a layer. lengths: those that the module itself knows. None for a *Cell."""
    if not isinstance(visit.module, nn.RNNBase):
        return None
    module = visit.module
    direct = _direct(visit, steps, batch)
    width = module.proj_size or module.hidden_size
    forward = (direct[..., :width] != 0).any(-1)
    backward = (direct[..., width:] != 0).any(-1) if module.bidirectional else None
    last = torch.full((batch,), steps) if lengths is None else lengths
    for final in visit.final:
        if final.requires_grad and final.grad is not None:
            used = (_batched(final.grad) != 0).any(-1)  # [layers * directions, B]
            ends = used[-2 if module.bidirectional else -1]
            forward = forward | (ends & (torch.arange(steps).unsqueeze(1) == last - 1))
            if backward is not None:
                backward = backward | (used[-1] & (torch.arange(steps).unsqueeze(1) == 0))
    return Reads(forward, backward)


def _direct(visit: Visit, steps: int, batch: int) -> Tensor:
    """[T, B, directions * H]: the direct part of the loss's derivative with respect to the output; 0 at padding."""
    output: Any = visit.output
    data = output.data if isinstance(output, PackedSequence) else output
    if not data.requires_grad or data.grad is None:
        return torch.zeros(steps, batch, data.shape[-1])
    if isinstance(output, PackedSequence):
        found, _ = pad_packed_sequence(output._replace(data=data.grad.cpu()))
        return torch.cat([found, found.new_zeros(steps - len(found), *found.shape[1:])])
    found = data.grad.detach().cpu()
    if found.dim() == 2:
        return found.unsqueeze(1)
    return found.transpose(0, 1) if visit.module.batch_first else found


def _batched(states: Tensor) -> Tensor:
    return states.detach().cpu() if states.dim() == 3 else states.detach().cpu().unsqueeze(1)
