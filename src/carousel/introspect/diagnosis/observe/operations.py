"""Every operation on tensors of one pass, as it is called: what went in, what came out, and where the code has it.

A pass is watched by torch's own means for this (`TorchFunctionMode`); what an operation calls inside is not noted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence
from torch.overrides import TorchFunctionMode

from carousel.introspect.diagnosis.observe.places import Place, calling_place

#: Operations that give numbers another place or shape, and no other value.
_MOVES = """
view reshape flatten unflatten transpose permute squeeze unsqueeze contiguous getitem select narrow t
movedim moveaxis swapaxes clone float double to type detach index_select gather expand expand_as view_as
reshape_as get chunk split unbind stack masked_select take_along_dim pad_packed_sequence
pack_padded_sequence type_as alias
"""
MOVES = frozenset(_MOVES.split())
_GETTERS = ("grad", "grad_fn", "_grad", "_base")


@dataclass(eq=False)
class Operation:
    """name: without underscores at its ends, as "cross_entropy", "sub". given, keywords: as called. output: as
    returned. made_by: id of an input tensor -> the operation that it came out of. inside: whether the model's forward
    called it; place: where the user's code has it."""

    name: str
    given: tuple[Any, ...]
    keywords: dict[str, Any]
    output: Any
    made_by: dict[int, Operation]
    inside: bool
    place: Place | None
    function: Any = None

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors among its arguments, in order."""
        return list(tensors_in([*self.given, *self.keywords.values()]))

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors that it returned."""
        return list(tensors_in([self.output]))

    @property
    def is_move(self) -> bool:
        """Whether it gives numbers another place only."""
        return self.name in MOVES

    def source(self, tensor: Tensor) -> Source | None:
        """What an input of it came out of, places and shapes aside; None for what no operation of the pass made."""
        found = self.made_by.get(id(tensor))
        while found is not None and found.is_move and found.inputs:
            tensor = found.inputs[0]
            found = found.made_by.get(id(tensor))
        return None if found is None else Source(found, tensor)


class Source(NamedTuple):
    """An operation and which of its outputs is meant."""

    operation: Operation
    tensor: Tensor

    @property
    def name(self) -> str:
        """Of the operation."""
        return self.operation.name


@dataclass
class OperationLog:
    """The operations of a pass, in order. loss: what the loss function returned."""

    operations: list[Operation] = field(default_factory=list)
    latest: dict[int, Operation] = field(default_factory=dict)
    loss: Any = None

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    def maker(self, tensor: Tensor) -> Operation | None:
        """The operation that a tensor came out of."""
        return self.latest.get(id(tensor))


class Watching(TorchFunctionMode):
    """Writes the operations into a log. depth: how many calls of the model's forward are under way."""

    def __init__(self, log: OperationLog):
        super().__init__()
        self.log, self.depth = log, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """As torch asks for."""
        keywords = kwargs or {}
        output = func(*args, **keywords)
        name, owner = getattr(func, "__name__", ""), getattr(getattr(func, "__self__", None), "__name__", "")
        made = list(tensors_in([output]))
        if made and not (name == "__get__" and owner in _GETTERS):
            self._note(name.strip("_"), func, args, keywords, output, made)
        return output

    def _note(self, name: str, func: Any, args: Any, keywords: dict[str, Any], output: Any, made: list[Tensor]) -> None:
        given = list(tensors_in([*args, *keywords.values()]))
        latest = self.log.latest
        made_by = {id(t): latest[id(t)] for t in given if id(t) in latest}
        noted = Operation(name, tuple(args), keywords, output, made_by, self.depth > 0, calling_place(), func)
        self.log.operations.append(noted)
        for tensor in made:
            if id(tensor) not in {id(t) for t in given} or name.endswith("_") or func.__name__.endswith("_"):
                latest[id(tensor)] = noted


def tensors_in(values: Any) -> Iterator[Tensor]:
    """The tensors of nested lists, tuples, dictionaries and packed sequences."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, PackedSequence):
            yield value.data
        elif isinstance(value, list | tuple):
            yield from tensors_in(value)
        elif isinstance(value, dict):
            yield from tensors_in(value.values())
