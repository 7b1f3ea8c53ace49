"""How long the sequences of a batch are: from the recurrent module, from the batch itself, or from its padding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.observe.state_walk import tensors_of, whole_numbers_of

Source = Literal["given", "module", "batch", "padding"]

_REPEATED = 2  # a value that ends two sequences twice is padding; once, a token may end one by chance


class Lengths(NamedTuple):
    """values: [B], 1 .. T. source: given by the caller; what the module was packed with; a tensor of lengths or a
    mask in the batch; or seen from padding."""

    values: Tensor
    source: Source


def lengths_in(
    batch: Any, x_TB: Tensor, names: Mapping[int, str], blank: frozenset[int] = frozenset()
) -> Lengths | None:
    """The lengths that a batch tells, for an input x [T, B, I] or tokens [T, B]; None where it tells none.

    names: of tensors by id, as the batch or the model's forward calls them. blank: tokens known to be padding.
    A tensor, list or array [B] of whole numbers, or a mask, counts where it goes by such a name, or where what lies
    behind it is padding, as it is for most sequences; labels would do too otherwise.
    """
    steps, count = x_TB.shape[:2]
    padded = _padding(x_TB)
    seen = (~padded).sum(0).clamp(min=1)
    told = [(names.get(id(tensor), ""), tensor) for tensor in tensors_of(batch)]
    for name, tensor in [*told, *whole_numbers_of(batch)]:
        for found in _as_lengths(tensor, steps, count):
            named = "len" in name or "mask" in name
            if (named or _explains(found, seen)) and bool((found < steps).any()):
                return Lengths(found, "batch")
    often = int((steps - seen >= _REPEATED).sum()) >= _REPEATED
    sure = often or bool(padded.any() and x_TB.dim() == 2 and set(x_TB[padded.to(x_TB.device)].tolist()) <= blank)
    return Lengths(seen, "padding") if sure and len(set(seen.tolist())) > 1 else None


def _explains(found: Tensor, seen: Tensor) -> bool:
    """Whether padding begins behind these lengths, for most sequences at once; a true step may look like padding."""
    unequal = len(set(seen.tolist())) > 1
    return unequal and bool((found >= seen).all()) and 2 * int((found == seen).sum()) > len(seen)


def _as_lengths(tensor: Tensor, steps: int, count: int) -> list[Tensor]:
    """What [B] it can mean: whole numbers [B]; a mask [B, T] or [T, B] that is true first and false after, or its
    opposite."""
    if tensor.is_complex():
        return []
    if tensor.shape == (count,) and not tensor.is_floating_point() and tensor.dtype != torch.bool:
        values = tensor.cpu().long()
        return [values] if bool(((values >= 1) & (values <= steps)).all()) else []
    found = []
    for mask in (tensor, tensor.T) if tensor.dim() == 2 else ():
        if mask.shape == (steps, count) and bool(((mask == 0) | (mask == 1)).all()):
            for kept in (mask.cpu().bool(), ~mask.cpu().bool()):
                if bool((kept[:-1] >= kept[1:]).all()) and bool(kept[0].all()):
                    found.append(kept.sum(0))
    return found


def _padding(x_TB: Tensor) -> Tensor:
    """[T, B] bool: steps behind a sequence's end. Padding is a value (the same in all channels, or NaN) that fills the
    ends of sequences and occurs nowhere else, so that a zero in the data is not taken for it."""
    x = x_TB.detach().cpu()
    rows = x if x.dim() == 3 else x.unsqueeze(-1)
    ends = rows[-1].nan_to_num() if x.is_floating_point() else rows[-1]
    flat = ends[(ends == ends[:, :1]).all(1), 0]
    filled = rows.isnan().all(-1)
    if len(flat):
        filled = filled | (rows == (flat[flat == 0].tolist() or [flat.mode().values])[0]).all(-1)
    trailing = filled.flip(0).long().cumprod(0).flip(0).bool()
    alone = bool((filled == trailing).all()) and not bool(trailing.all(0).any())
    return trailing if alone else torch.zeros_like(filled)


__all__ = ["Lengths", "Source", "lengths_in"]
