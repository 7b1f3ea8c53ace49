"""Many networks of one cell and size in one call: each with its own weights, the first axis of every parameter.

A network's numbers are those that it has alone: it does not matter how many others run beside it, nor which.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.common.shapes import valid_steps
from carousel.nn.cells import PARAMETERS, Cell, State
from carousel.nn.kernels.base import Call, Kernel, Request, Run, mask_of
from carousel.nn.kernels.tape import Recording, Tape

Tensors = Mapping[str, Tensor | None]  # PARAMETERS by name, [P, ...] each


@dataclass(frozen=True)
class PopulationCall:
    """What P networks are run on; see `Call`. Where the population's axis may be missing, all share the tensor.

    x: [P, T, B, I] or [T, B, I]. state: fields [P, B, H], or None for zeros. lengths: [P, B], [B] or None.
    resets: [P, T, B], [T, B] or None. dropout: [P, B, H] or None.
    """

    networks: int
    x: Tensor
    state: State | None = None
    lengths: Tensor | None = None
    resets: Tensor | None = None
    dropout: Tensor | None = None
    reverse: bool = False

    def of(self, network: int) -> Call:
        """The call of one network."""
        n = network
        state = None if self.state is None else type(self.state)(*(s[n] for s in self.state))
        lengths, resets = _of(self.lengths, n, 1), _of(self.resets, n, 2)
        x = self.x if self.x.dim() == 3 else self.x[n]
        return Call(x, state, lengths, resets, None if self.dropout is None else self.dropout[n], self.reverse)

    @property
    def valid(self) -> Tensor | None:
        """[P, T, B] or [T, B]: as `Call.valid`."""
        return None if self.lengths is None else valid_steps(self.lengths, self.x.shape[-3])

    @property
    def reset_mask(self) -> Tensor | None:
        """[P, T, B] or [T, B]: as `Call.reset_mask`."""
        return mask_of(self.resets, self.valid) if self.reverse else self.resets


class PopulationRun(NamedTuple):
    """output: [P, T, B, H]. state: fields [P, B, H], None unless asked for. tapes: what was kept, one a network.
    kernel: what ran. refusals: kernels that were preferred, and why they did not."""

    output: Tensor
    state: State | None
    tapes: Sequence[Tape]
    kernel: str
    refusals: dict[str, str]


class PopulationKernel(Kernel):
    """A kernel that runs all networks of a population in one call, where it supports the call of one of them."""

    @abstractmethod
    def run_population(
        self, cell: type[Cell], tensors: Tensors, call: PopulationCall, request: Request
    ) -> tuple[Tensor, State, Callable[[int], Recording]]:
        """Output [P, T, B, H], final state, fields [P, B, H], and what the run keeps of a network."""


def view_of(cell: type[Cell], tensors: Tensors, network: int) -> Cell:
    """One network's cell; copies nothing."""
    own = {name: None if (t := tensors[name]) is None else t[network] for name in PARAMETERS}
    return cell.from_tensors(own)


def stacked(runs: Sequence[Run]) -> Run:
    """Runs of one network each as one of all, without tapes."""
    states = [run.state for run in runs if run.state is not None]
    state = type(states[0])(*(torch.stack(field) for field in zip(*states, strict=True))) if states else None
    return Run(torch.stack([run.output for run in runs]), state, None)


def _of(tensor: Tensor | None, network: int, rank: int) -> Tensor | None:
    return tensor[network] if tensor is not None and tensor.dim() > rank else tensor
