"""The tapes of a population: made one by one when they are asked for, since to make them all takes a host longer than
a GPU takes to run the networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar, overload

from carousel.nn.cells import Cell
from carousel.nn.kernels.base import Request, run_info
from carousel.nn.kernels.population import PopulationCall, Tensors, view_of
from carousel.nn.kernels.run_info import versions_of
from carousel.nn.kernels.tape import Recording, Tape

T = TypeVar("T")


class OnDemand(Sequence[T]):
    """`size` things, each made when it is first asked for."""

    def __init__(self, size: int, make: Callable[[int], T]):
        self._size, self._make, self._made = size, make, dict[int, T]()

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: int | slice) -> T | list[T]:
        chosen = range(self._size)[index]  # IndexError where there is no such thing
        if isinstance(chosen, range):
            return [self[each] for each in chosen]
        if chosen not in self._made:
            self._made[chosen] = self._make(chosen)
        return self._made[chosen]


def tapes_of(
    cell: type[Cell], tensors: Tensors, call: PopulationCall, request: Request, recording: Callable[[int], Recording]
) -> Sequence[Tape]:
    """One tape a network. recording: what the run keeps of a network."""
    held = {name: None if t is None else t.detach() for name, t in tensors.items()}
    versions = versions_of(view_of(cell, held, 0))  # those of the run, not of when a tape is asked for
    bare = _without_graph(call)

    def make(network: int) -> Tape:
        view = view_of(cell, held, network)
        run = replace(run_info(view, bare.of(network), request), versions=versions)
        return Tape(request.names(view), recording(network), run, request.gradients)

    return OnDemand(call.networks, make)


def _without_graph(call: PopulationCall) -> PopulationCall:
    """Without x too, of which a tape keeps the number of steps alone."""
    state = None if call.state is None else type(call.state)(*(field.detach() for field in call.state))
    dropout = None if call.dropout is None else call.dropout.detach()
    return replace(call, x=call.x.new_empty(*call.x.shape[-3:-1], 0), state=state, dropout=dropout)
