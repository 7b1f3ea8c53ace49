"""Adam on a population: a learning rate for each network, its gradient clipped by its own norm."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter

from carousel.common.errors import BadCall
from carousel.nn.population.adam_on_card import Rule
from carousel.nn.population.adam_on_card import adam as adam_on_card
from carousel.nn.population.stacked import Stacked


class PopulationAdam:
    """Adam (Kingma, Ba 2015), as `torch.optim.Adam` with torch's defaults, for modules of one population.

    lr: one learning rate, or one a network. clip_norm: the gradient of a network, over all of its parameters, is scaled
    down to that norm, as `torch.nn.utils.clip_grad_norm_` does; None: not at all. Parameters are all of one type and in
    one place: on a CPU a step is compiled code, on a GPU torch's operations. Raises BadCall for modules of different
    populations, and at a step where they have changed since.
    """

    def __init__(
        self,
        modules: Iterable[Stacked],
        lr: float | Sequence[float] = 1e-3,
        *,
        clip_norm: float | None = None,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):
        self._modules = list(modules)
        sizes = {module.networks for module in self._modules}
        if len(sizes) != 1:
            raise BadCall("PopulationAdam: takes the modules of one population", allowed="one size", got=sorted(sizes))
        networks = sizes.pop()
        rates = [lr] * networks if isinstance(lr, int | float) else list(lr)
        if len(rates) != networks or not all(0 < rate < math.inf for rate in rates):
            raise BadCall("PopulationAdam: one learning rate, or one a network", allowed=f"{networks} positive numbers",
                          got=rates)  # fmt: skip
        if clip_norm is not None and not clip_norm > 0:
            raise BadCall("PopulationAdam: clip_norm is not positive", allowed="above 0, or None", got=clip_norm)
        kinds = {(p.dtype, p.device) for p in self._parameters()}
        if len(kinds) != 1 or not {dtype for dtype, _ in kinds} <= {torch.float32, torch.float64}:
            raise BadCall("PopulationAdam: cannot train these weights", allowed="float32 or float64, on one device",
                          got=sorted(f"{dtype} on {device}" for dtype, device in kinds))  # fmt: skip
        self._rates, self._steps = np.array(rates, np.float64), np.zeros(networks, np.int64)
        self._clip, self._betas, self._eps = math.inf if clip_norm is None else clip_norm, betas, eps
        self._moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in self._parameters()]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters():
            parameter.grad = None

    def step(self, update: Tensor | None = None) -> Tensor:
        """Update each network, or those where `update` [P] is True. Gives the norms of the gradients before clipping,
        [P] float64. A network whose norm is not finite is left as it is."""
        self._check(update)
        parameters = self._parameters()
        gradients = [_gradient(p) for p in parameters]
        if parameters[0].is_cpu:
            return self._compiled(parameters, gradients, update)
        return self._on_card(parameters, gradients, update)

    def keep_only(self, networks: Sequence[int]) -> None:
        """Let all others leave; the modules do too."""
        for module in self._modules:
            module.keep_only(networks)
        chosen = list(networks)
        self._rates, self._steps = self._rates[chosen], self._steps[chosen]
        self._moments = [(mean[chosen].clone(), square[chosen].clone()) for mean, square in self._moments]

    def _compiled(self, parameters: list[Parameter], gradients: list[Tensor], update: Tensor | None) -> Tensor:
        from carousel.nn.kernels.numba.jit.adam import adam  # numba loads at the first step, not at import
        from carousel.nn.kernels.numba.jit.simd import lanes as lanes_of

        networks, like = len(self._steps), parameters[0].detach()[:0].flatten().numpy()
        means, squares = zip(*self._moments, strict=True)
        held: tuple[Sequence[Tensor], ...] = parameters, gradients, means, squares
        where = np.array([[t.data_ptr() for t in each] for each in held], np.int64)
        counts = np.array([p.numel() // networks for p in parameters], np.int64)
        wanted = np.ones(networks, np.bool_) if update is None else update.numpy()
        norms = np.empty(networks, np.float64)
        lanes = lanes_of(like.itemsize)
        adam(like, lanes, where, counts, wanted, self._steps, self._rates, self._clip, *self._betas, self._eps, norms)
        return torch.from_numpy(norms)

    def _on_card(self, parameters: list[Parameter], gradients: list[Tensor], update: Tensor | None) -> Tensor:
        rates, steps = (torch.tensor(v, dtype=torch.float64, device=parameters[0].device)
                        for v in (self._rates, self._steps))  # fmt: skip
        held, rule = [p.detach() for p in parameters], Rule(self._clip, self._betas, self._eps)
        norms = adam_on_card(held, gradients, self._moments, rates, steps, rule, update).cpu()
        self._steps = steps.cpu().numpy().astype(np.int64)
        return norms

    def _check(self, update: Tensor | None) -> None:
        """The compiled update trusts shapes and types."""
        held = [(p.shape, p.dtype, p.device) for p in self._parameters()]
        if held != [(mean.shape, mean.dtype, mean.device) for mean, _ in self._moments]:
            raise BadCall("PopulationAdam: its modules have changed since", got=[tuple(shape) for shape, *_ in held],
                          allowed=[tuple(mean.shape) for mean, _ in self._moments],
                          fix="let networks leave by PopulationAdam.keep_only; change types earlier")  # fmt: skip
        networks = len(self._steps)
        if update is not None and (update.dtype != torch.bool or update.shape != (networks,)):
            raise BadCall("PopulationAdam: update does not fit", allowed=f"torch.bool [{networks}]",
                          got=f"{update.dtype} {list(update.shape)}")  # fmt: skip

    def _parameters(self) -> list[Parameter]:
        return [parameter for module in self._modules for parameter in module.parameters()]


def _gradient(parameter: Parameter) -> Tensor:
    """Dense, as the parameter is; of one that no loss reaches, zeros."""
    if parameter.grad is None:
        return torch.zeros_like(parameter)
    return parameter.grad.contiguous()
