"""The parameters of P modules of one shape as one module's: the first axis of each is the population's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from carousel.common.errors import BadCall

Weights = dict[str, Tensor]


class Stacked(nn.Module):
    """A copy of the modules' parameters, [P, ...] each. Names are the modules' own with "_" for "."."""

    def __init__(self, modules: Sequence[nn.Module]):
        super().__init__()
        owner = type(self).__name__
        if not modules:
            raise BadCall(f"{owner}: there is no network", allowed="one network or more", got="none")
        kinds = {type(module).__name__ for module in modules}
        if len(kinds) > 1:
            raise BadCall(f"{owner}: the networks are of several kinds", allowed="one kind", got=sorted(kinds))
        shapes = [{name: tuple(p.shape) for name, p in module.named_parameters()} for module in modules]
        for network, found in enumerate(shapes):
            if found != shapes[0]:
                raise BadCall(f"{owner}: network {network} has another shape than the first", allowed=shapes[0],
                              got=found, fix="make a population of those of one shape")  # fmt: skip
        kept = {(p.dtype, p.device) for module in modules for p in module.parameters()}
        if len(kept) > 1:
            raise BadCall(f"{owner}: the weights are of several types or on several devices", allowed="one of each",
                          got=sorted(f"{dtype} on {device}" for dtype, device in kept))  # fmt: skip
        self.networks = len(modules)
        self.names = {name: name.replace(".", "_") for name in shapes[0]}
        for name, own in self.names.items():
            held = torch.stack([module.get_parameter(name).detach() for module in modules])
            self.register_parameter(own, nn.Parameter(held))

    def __len__(self) -> int:
        return self.networks

    def state_dict_of(self, network: int) -> Weights:
        """A copy of one network's weights under the names of its own module: `module.load_state_dict` takes them."""
        return {name: self.get_parameter(own).detach()[network].clone() for name, own in self.names.items()}

    def load_state_dict_of(self, network: int, weights: Weights) -> None:
        """Give one network those weights, under the names of its own module. Raises BadCall where they do not fit."""
        fitting = {name: tuple(self.get_parameter(own).shape[1:]) for name, own in self.names.items()}
        given = {name: tuple(value.shape) for name, value in weights.items()}
        if given != fitting:
            raise BadCall(f"{type(self).__name__}: the weights do not fit", allowed=fitting, got=given)
        with torch.no_grad():
            for name, own in self.names.items():
                self.get_parameter(own)[network].copy_(weights[name])

    def keep_only(self, networks: Sequence[int]) -> Self:
        """Let all others leave; the order is as given. Of a module in training ask its `PopulationAdam` for it.
        Raises BadCall where none would be left, or one that is not there."""
        if not networks or not all(0 <= network < self.networks for network in networks):
            raise BadCall(f"{type(self).__name__}: these networks cannot be kept",
                          allowed=f"one or more of 0 .. {self.networks - 1}", got=list(networks))  # fmt: skip
        self.networks = len(networks)
        for own in self.names.values():
            left = self.get_parameter(own).detach()[list(networks)].clone()
            self.register_parameter(own, nn.Parameter(left))
        return self
