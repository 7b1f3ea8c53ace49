"""Several networks of one contender, from seeds of their own, as one (Lakshminarayanan et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast, final

import torch
from torch import Tensor, nn

from carousel.experiments.contenders.base import Network

Averaged = Literal["values", "classes", "keys"]


@final
class Ensemble(Network):
    """The mean of its members' answers. averaged: of "values" as they are; of "classes" the mean probability, and of
    "keys" (each by itself) too, given as logits like those of one network."""

    def __init__(self, members: Sequence[Network], averaged: Averaged):
        super().__init__()
        self.members = nn.ModuleList(members)
        self.averaged = averaged
        self.readout = members[0].readout

    @property
    def each(self) -> list[Network]:
        """The members: alike but for their weights."""
        return [cast(Network, member) for member in self.members]

    @property
    def first(self) -> Network:
        """Any of them."""
        return self.each[0]

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        outputs = torch.stack([member(x, lengths) for member in self.members])
        if self.averaged == "values":
            return outputs.mean(dim=0)
        if self.averaged == "classes":
            return outputs.log_softmax(dim=-1).logsumexp(dim=0)
        # of the mean p, log p - log(1 - p): both are sums over members, and their number cancels out
        sums = (nn.functional.logsigmoid(sign * outputs).logsumexp(dim=0) for sign in (1, -1))
        return next(sums) - next(sums)

    @property
    def kernels(self) -> list[str]:
        return self.first.kernels

    @property
    def refusals(self) -> Mapping[str, str]:
        return self.first.refusals

    @property
    def longest(self) -> int | None:
        return self.first.longest

    def carried(self, length: int) -> int:
        """That of all members."""
        return sum(member.carried(length) for member in self.each)
