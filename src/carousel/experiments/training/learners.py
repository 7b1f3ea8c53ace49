"""How a group of networks takes a training step: all in one call where the compiled kernel runs them, else in turn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import cast, final

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.tasks.base import Batch
from carousel.experiments.training.device import CPU, moved
from carousel.nn.kernels import Call
from carousel.nn.kernels.together import for_populations
from carousel.nn.layers.stack_module import OUTPUT_ALONE
from carousel.nn.population import Population, PopulationAdam, PopulationLinear

Weights = dict[str, Tensor]


def snapshot(network: Network) -> Weights:
    """A copy of the weights."""
    return {name: value.clone() for name, value in network.state_dict().items()}


class Learners(ABC):
    """P networks in training; a network's numbers do not depend on the others."""

    @abstractmethod
    def outputs(self, batch: Batch) -> Tensor:
        """[P, B, O] or [P, T, B, O], of a batch whose x is [P, T, B, I], or [T, B, I] for all, and lengths likewise."""

    @abstractmethod
    def step(self, losses: Tensor) -> list[float]:
        """One update of each from its loss, [P]; the norms of the gradients before clipping. A network whose loss or
        norm is not finite is left as it is."""

    @abstractmethod
    def kernels(self) -> list[str]:
        """The names of what ran at the last call, a layer each."""

    @abstractmethod
    def weights_of(self, network: int) -> Weights:
        """A copy of one network's weights, on the processor."""

    @abstractmethod
    def keep_only(self, networks: Sequence[int]) -> None:
        """Let all others leave."""


def learners_of(
    networks: Sequence[Network], rates: Sequence[float], clip_norm: float, device: torch.device = CPU
) -> Learners:
    """Networks of one shape, a learning rate each, copied to the device that they train on. A kernel that runs
    populations there takes all of them together; another that was forced, and networks without recurrence, train in
    turn."""
    first = networks[0]
    if isinstance(first, RecurrentNetwork) and _together(first, device):
        return Together(cast("Sequence[RecurrentNetwork]", networks), rates, clip_norm, device)
    return InTurn(networks, rates, clip_norm, device)


def _together(network: RecurrentNetwork, device: torch.device) -> bool:
    if network.cells.kernel not in (None, "numba"):
        return False
    cell = moved(network.stack[0], device)
    kernel, _ = for_populations(cell, Call(torch.zeros(1, 1, cell.input_size, device=device)), OUTPUT_ALONE)
    return kernel is not None


@final
class Together(Learners):
    """Recurrent networks on a kernel that runs populations."""

    def __init__(
        self, networks: Sequence[RecurrentNetwork], rates: Sequence[float], clip_norm: float, device: torch.device
    ):
        self._stacks = Population([network.cells for network in networks]).to(device)
        self._readouts = PopulationLinear([network.linear for network in networks]).to(device)
        self._adam = PopulationAdam([self._stacks, self._readouts], rates, clip_norm=clip_norm)
        self._every = networks[0].readout == "every"

    def outputs(self, batch: Batch) -> Tensor:
        output, state = self._stacks(batch.x, lengths=batch.lengths)
        if not self._every:
            # the highest layer's h after each sequence's last step; read there, no gradient of all steps is made
            output = (state if isinstance(state, Tensor) else state[0])[:, -1]
        found: Tensor = self._readouts(output)
        return found

    def step(self, losses: Tensor) -> list[float]:
        self._adam.zero_grad()
        losses.sum().backward()
        return self._adam.step(losses.detach().isfinite()).tolist()

    def kernels(self) -> list[str]:
        return [*self._stacks.kernels.values()]

    def weights_of(self, network: int) -> Weights:
        parts = {"cells": self._stacks, "linear": self._readouts}
        return {
            f"{part}.{name}": value.cpu()
            for part, stacked in parts.items()
            for name, value in stacked.state_dict_of(network).items()
        }

    def keep_only(self, networks: Sequence[int]) -> None:
        self._adam.keep_only(networks)


@final
class InTurn(Learners):
    """Any networks, one after the other, by torch's Adam."""

    def __init__(self, networks: Sequence[Network], rates: Sequence[float], clip_norm: float, device: torch.device):
        self._networks, self._clip = [moved(network, device) for network in networks], clip_norm
        self._optimisers = [
            torch.optim.Adam(network.parameters(), lr=rate, fused=True)
            for network, rate in zip(self._networks, rates, strict=True)
        ]

    def outputs(self, batch: Batch) -> Tensor:
        return torch.stack([network(*_of(batch, n)) for n, network in enumerate(self._networks)])

    def step(self, losses: Tensor) -> list[float]:
        for optimiser in self._optimisers:
            optimiser.zero_grad()
        losses.sum().backward()
        norms = [clip_grad_norm_(network.parameters(), self._clip).item() for network in self._networks]
        finite = losses.detach().cpu().isfinite() & torch.tensor(norms).isfinite()
        for optimiser, update in zip(self._optimisers, finite.tolist(), strict=True):
            if update:
                optimiser.step()
        return norms

    def kernels(self) -> list[str]:
        return self._networks[0].kernels

    def weights_of(self, network: int) -> Weights:
        return {name: value.cpu() for name, value in snapshot(self._networks[network]).items()}

    def keep_only(self, networks: Sequence[int]) -> None:
        self._networks = [self._networks[n] for n in networks]
        self._optimisers = [self._optimisers[n] for n in networks]


def _of(batch: Batch, network: int) -> tuple[Tensor, Tensor | None]:
    x = batch.x if batch.x.dim() == 3 else batch.x[network]
    lengths = batch.lengths
    return x, lengths if lengths is None or lengths.dim() == 1 else lengths[network]
