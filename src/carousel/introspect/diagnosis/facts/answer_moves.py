"""Whether the model's answer depends on any of its inputs."""

from __future__ import annotations

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.model_probe import NoProbe, model_probe
from carousel.introspect.diagnosis.observe.cloned_parameters import cloned_parameters
from carousel.introspect.diagnosis.observe.perturbation import Probe, Refused

_SHAKE = 0.1  # noise on the weights: an answer layer may start at 0


@fact
def answer_moves(context: Context) -> bool | None:
    """False where no input moves the answer, also with noise on the weights; None where it cannot be said."""
    probe = model_probe(context)
    if isinstance(probe, NoProbe) or context.trace.batch_size * context.trace.steps < 2:
        return None
    try:
        if _moves(probe):
            return True
        with cloned_parameters(context.model) as copies, torch.no_grad():
            for copy in copies.values():
                if copy.is_floating_point():
                    noise = torch.randn(copy.shape, generator=context.generator, dtype=torch.float64)
                    copy.data.add_(noise.to(copy.device, copy.dtype), alpha=_SHAKE)
            return _moves(probe.of(probe.x))
    except Refused:
        return None


def _moves(probe: Probe) -> bool:
    """Whether the answer is another after all numbers of some input were changed."""
    for given in probe.given:
        own = probe.of(given if isinstance(given, Tensor) else None)
        if own.base is None:
            return True
        new = own.output(own.altered_everywhere())
        if new is None or new.shape != own.base.shape or not torch.equal(new.nan_to_num(), own.base.nan_to_num()):
            return True
    return False
