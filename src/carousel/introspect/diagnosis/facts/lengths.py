"""How long the sequences of a batch are: from the recurrent module, from the batch itself, or from its padding."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.feeding import fed_by
from carousel.introspect.diagnosis.facts.model_probe import NoProbe, model_probe
from carousel.introspect.diagnosis.observe.state_walk import names_of, tensors_of, whole_numbers_of
from carousel.introspect.diagnosis.observe.trace import ModuleCall, sizes

Source = Literal["given", "module", "batch", "padding"]

_REPEATED = 2  # a value that ends two sequences twice is padding; once, a token may end one by chance


class Lengths(NamedTuple):
    """values: [B], 1 .. T. source: given by the caller; what the module was packed with; a tensor of lengths or a
    mask in the batch; or where padding begins."""

    values: Tensor
    source: Source


@fact
def sequence_lengths(context: Context) -> Lengths | None:
    """Of the sequences as the last recurrent module sees them; None where nothing shows that they differ."""
    return lengths_of(context, context.trace.top)


def lengths_of(context: Context, calls: list[ModuleCall]) -> Lengths | None:
    """The same, as it is for any module's calls."""
    steps, count = sizes(calls)
    given = context.known.lengths
    if given is not None and given.shape == (count,):
        return Lengths(given.detach().cpu().long().clamp(1, steps), "given")
    own = calls[0].own_lengths
    if own is not None and (len(set(own.tolist())) > 1 or int(own.max()) < steps):
        return Lengths(own, "module")  # else it was packed as if none were padded, which says nothing
    probe = model_probe(context)
    padding = frozenset[int]() if isinstance(probe, NoProbe) else probe.padding_tokens
    for x in _inputs_like(context, calls[0], steps, count):
        others = _of_others(context, calls, x)
        found = _lengths_in(context.batch, x, _names(context), padding, others)
        if found is not None:
            return found
    return None


def _of_others(context: Context, calls: list[ModuleCall], x_TB: Tensor) -> list[Tensor]:
    """The lengths of what is not this input: other modules were packed with them, or another input's padding shows
    them; an encoder's are not its decoder's."""
    packed = [c.own_lengths for c in context.trace.module_calls if c.module is not calls[0].module]
    own = x_TB.data_ptr()
    given = [t for t in tensors_of([context.trace.inputs, context.trace.keywords]) if t.data_ptr() != own]
    turned = [v for t in given if t.dim() in (2, 3) and t.dtype != torch.bool for v in (t, t.transpose(0, 1))]
    shown = [(~padded_steps(v)).sum(0) for v in turned if v.shape[1] == x_TB.shape[1]]
    return [t for t in (*packed, *shown) if t is not None and len(set(t.tolist())) > 1]


def are_lengths_given(context: Context) -> bool:
    """Whether some module was packed, or the model or the batch has lengths by name."""
    if any(call.own_lengths is not None for call in context.trace.module_calls) or context.known.lengths is not None:
        return True
    return any("len" in name for name in _names(context).values())


def mismatched_lengths(context: Context) -> int:
    """How many sequences go by another one's length: where the lengths are those that the padding shows, but in another
    order. 0 where they are not, or where the model gets them in the right order (loss_fn sorted both)."""
    trace = context.trace
    called = [trace.inputs, trace.keywords]
    own_call = [*tensors_of(called), *(t for _, t in whole_numbers_of(called))]
    named = [t for t in tensors_of(context.batch) if "len" in _names(context).get(id(t), "")]
    whole = [t for t in tensors_of(context.batch) if t.dim() == 1 and not t.is_floating_point()]
    lists = [t for _, t in whole_numbers_of(context.batch)]
    for x in tensors_of([trace.inputs, trace.keywords] if trace.model_calls else context.batch):
        for t in (x, x.transpose(0, 1)) if x.dim() in (2, 3) and x.dtype != torch.bool else ():
            unpadded = (~padded_steps(t)).sum(0)
            for given in [*named, *whole, *lists]:
                if given.shape != unpadded.shape or len(set(unpadded.tolist())) < 2:
                    continue
                own = given.cpu().long()
                if bool((own.sort().values == unpadded.sort().values).all()) and bool((own != unpadded).any()):
                    sound = any(v.shape == own.shape and torch.equal(v.cpu().long(), unpadded) for v in own_call)
                    return 0 if sound else int((own != unpadded).sum())
    return 0


@fact
def _names(context: Context) -> dict[int, str]:
    """id of a tensor -> its name in the batch, or as an argument of the model's forward."""
    forward = inspect.signature(type(context.model).forward).parameters
    called = dict(zip(list(forward)[1:], context.trace.inputs, strict=False)) | context.trace.keywords
    return names_of(context.batch) | names_of(called)


def _inputs_like(context: Context, call: ModuleCall, steps: int, count: int) -> Iterator[Tensor]:
    """What may show padding, time first: the model's own inputs (the batch's where the model was not called as a
    whole) that have these steps and sequences, then the module's."""
    trace = context.trace
    given = tensors_of([trace.inputs, trace.keywords] if trace.model_calls else context.batch)
    given = fed_by(context, call, given)
    turned = [x for t in given if t.dim() in (2, 3) and t.dtype != torch.bool for x in (t, t.transpose(0, 1))]
    if getattr(call.module, "batch_first", True):  # where T == B both fit: the more likely first
        turned = turned[1::2] + turned[::2]
    yield from (x for x in turned if tuple(x.shape[:2]) == (steps, count))
    if not call.is_cell:
        yield call.input_TBI


def _lengths_in(
    batch: Any, x_TB: Tensor, names: Mapping[int, str], padding: frozenset[int], others: list[Tensor]
) -> Lengths | None:
    """The lengths that a batch shows, for an input x [T, B, I] or tokens [T, B]; None where it shows none.

    names: of tensors by id, as the batch or the model's forward calls them. padding: tokens known to be such. others:
    lengths of other inputs. A tensor, list or array [B] of whole numbers, or a mask, counts where what lies behind it
    is padding, as it is for most sequences; or where it goes by such a name, is not of another input, and no padding of
    this one begins elsewhere; labels would do too otherwise.
    """
    steps, count = x_TB.shape[:2]
    padded = padded_steps(x_TB)
    unpadded = (~padded).sum(0).clamp(min=1)
    tensors = [(names.get(id(tensor), ""), tensor) for tensor in tensors_of(batch)]
    for name, tensor in [*tensors, *whole_numbers_of(batch)]:
        for found in _as_lengths(tensor, steps, count):
            named = ("len" in name or "mask" in name) and not any(torch.equal(found, other.cpu()) for other in others)
            fits = len(set(unpadded.tolist())) == 1 or bool((found >= unpadded).all())
            if ((named and fits) or _explains(found, unpadded)) and bool((found < steps).any()):
                return Lengths(found, "batch")
    often = int((steps - unpadded >= _REPEATED).sum()) >= _REPEATED
    sure = often or bool(padded.any() and x_TB.dim() == 2 and set(x_TB[padded.to(x_TB.device)].tolist()) <= padding)
    return Lengths(unpadded, "padding") if sure and len(set(unpadded.tolist())) > 1 else None


def _explains(found: Tensor, unpadded: Tensor) -> bool:
    """Whether padding begins behind these lengths, for most sequences at once; a true step may look like padding."""
    unequal = len(set(unpadded.tolist())) > 1
    return unequal and bool((found >= unpadded).all()) and 2 * int((found == unpadded).sum()) > len(unpadded)


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


def padded_steps(x_TB: Tensor) -> Tensor:
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
