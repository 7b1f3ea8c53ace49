"""What a model's output depends on: one slice of its input is changed, and the outputs that change are noted.

The model runs in evaluation mode, without dropout and with the stored statistics of its batch norms, and from the same
random numbers, so that nothing but the change can move an output.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence
from torch.utils._pytree import tree_leaves, tree_map

from carousel.introspect.diagnosis.observe.snapshot import snapshot
from carousel.introspect.diagnosis.observe.state_walk import tensors_of

_TRIED = 4  # slices changed along an axis


class Refused(Exception):
    """The model cannot be run on it: the message says why, in the words of its own exception."""


@contextmanager
def as_refusal() -> Iterator[None]:
    """Whatever the user's own code raises on a question it was not made for is passed on as Refused, not hidden."""
    try:
        yield
    except Exception as error:
        raise Refused(f"{type(error).__name__}: {error}".splitlines()[0][:200]) from error


class Probe:
    """A model's own call, repeated with changed inputs.

    inputs, keywords: of the call observed. answer: which of the tensors of numbers that it returns is looked at.
    x: the tensor among the inputs that is changed; the largest if None. A PackedSequence is changed as [T, B, I].
    """

    def __init__(
        self,
        model: nn.Module,
        inputs: tuple[Any, ...],
        keywords: dict[str, Any],
        generator: torch.Generator,
        answer: int = 0,
        x: Tensor | None = None,
    ):
        self._model, self._generator, self._answer = model, generator, answer
        self._call = (inputs, keywords)
        self._changed: Any = x if x is not None else max(self.given, key=_size, default=None)

    @cached_property
    def given(self) -> list[Any]:
        """Every input that can be changed: tensors of two or more axes, and PackedSequences."""
        leaves = tree_leaves(self._call, is_leaf=_is_packed)
        tensors = [v for v in leaves if isinstance(v, Tensor) and v.dim() >= 2 and v.dtype != torch.bool]
        return tensors + [v for v in leaves if _is_packed(v)]

    def of(self, x: Tensor | None = None) -> Probe:
        """The same with another input changed; a fresh one, of the model as it is now."""
        return Probe(self._model, *self._call, self._generator, self._answer, self._changed if x is None else x)

    def answering(self, answer: int) -> Probe:
        """The same, looking at another tensor of the answer."""
        return Probe(self._model, *self._call, self._generator, answer, self._changed)

    @cached_property
    def x(self) -> Tensor:
        """The input that is changed: there is one, where `given` is not empty."""
        x: Tensor = pad_packed_sequence(self._changed)[0] if _is_packed(self._changed) else self._changed
        return x

    @cached_property
    def base(self) -> Tensor | None:
        """The output on the unchanged input; None where the model gives no tensor with axes, or not twice the same."""
        first, second = self.output(self.x), self.output(self.x)
        if first is None or second is None or first.shape != second.shape:
            return None
        return first if torch.equal(first.nan_to_num(), second.nan_to_num()) else None

    def moved(self, axis: int, index: int, shape: tuple[int, ...] | None = None) -> Tensor:
        """Of the output's shape, NaN as 0: how far it moves when the slice `index` of the input's `axis` is changed.
        shape: the input's, unfolded, where that axis is none of its own."""
        assert self.base is not None
        found = self.output(self.altered(axis, index, shape))
        if found is None or found.shape != self.base.shape:
            raise Refused("the shape of the output depends on the values of the input")
        return (found - self.base).abs().nan_to_num(0.0)

    def depends(self, axis: int, index: int, shape: tuple[int, ...] | None = None) -> Tensor:
        """bool, of the output's shape: True where it changes with the slice `index` of the input's `axis`."""
        return self.moved(axis, index, shape) > 0

    def chosen(self, size: int) -> list[int]:
        """Some positions along an axis, both ends among them."""
        return sorted({round(k * (size - 1) / (_TRIED - 1)) for k in range(_TRIED)})

    def altered(self, axis: int, index: int, shape: tuple[int, ...] | None = None) -> Tensor:
        """The input with other values in one slice: noise added to numbers; whole numbers exchanged for others that
        occur, padding left as it is."""
        new = self.x.detach().clone().contiguous()
        part = (new if shape is None else new.view(shape)).select(axis, index)
        if _is_whole(new):
            part.copy_(self._exchanged(part))
        else:
            scale = new.nan_to_num().std().clamp(min=1e-3)
            part += scale * torch.randn(part.shape, generator=self._generator, dtype=part.dtype).to(part.device)
        return new

    def altered_everywhere(self) -> Tensor:
        """The input with other values in every slice of its first axis."""
        new = self.x.detach().clone()
        for index in range(len(new)):
            new[index] = self.altered(0, index)[index]
        return new

    def _exchanged(self, part: Tensor) -> Tensor:
        values = self.x.detach().unique()
        usable = values[
            ~torch.isin(values, torch.tensor(sorted(self.padding_tokens), dtype=values.dtype, device=values.device))
        ]
        if len(usable) < 2:
            return part
        order = torch.searchsorted(usable, part.contiguous()).clamp(max=len(usable) - 1)
        return torch.where(torch.isin(part, usable), usable[(order + 1) % len(usable)], part)

    @cached_property
    def padding_tokens(self) -> frozenset[int]:
        """Tokens that mark padding: they are neither changed nor put in."""
        found = (m.padding_idx for m in self._model.modules() if isinstance(m, nn.Embedding))
        return frozenset(index for index in found if index is not None)

    def output(self, x: Tensor) -> Tensor | None:
        """The answer to another input, [...]; None where the model gives none. Raises Refused where it fails."""
        new = _packed_as(self._changed, x) if _is_packed(self._changed) else x
        return self.answer_to(*tree_map(lambda v: new if v is self._changed else v, self._call, is_leaf=_is_packed))

    def answer_to(self, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Tensor | None:
        """The answer to another call as a whole. Raises Refused where it fails."""
        with snapshot(self._model), torch.no_grad():
            self._model.eval()
            with as_refusal():
                returned = self._model(*inputs, **keywords)
            found = [t for t in tensors_of(returned) if t.is_floating_point() and t.dim()]
            return found[self._answer].clone() if len(found) > self._answer else None


def _is_packed(value: Any) -> bool:
    return isinstance(value, PackedSequence)


def _is_whole(x: Tensor) -> bool:
    """Tokens, counts, one-hot rows: numbers that noise would make impossible."""
    return not x.is_floating_point() or bool((x == x.round()).all())


def _packed_as(packed: PackedSequence, x: Tensor) -> PackedSequence:
    _, lengths = pad_packed_sequence(packed)
    return pack_padded_sequence(x, lengths, enforce_sorted=packed.sorted_indices is None)


def _size(value: Any) -> int:
    return int(value.data.numel()) if _is_packed(value) else int(value.numel())
