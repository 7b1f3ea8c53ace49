"""Gradient flow of a network in training: its lag profile at a moment, and its largest exponent at the end."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from carousel.experiments.columns import Exponent, Moment, Slope
from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.probes.network_flow import network_lag_profile, stream_exponents
from carousel.experiments.tasks.base import Batch, Task
from carousel.introspect.flow import LagProfile, summarise

FLOW_SEQUENCES = 16
_ONE_LAYER, _STACK = (8, 4500), (16, 300)  # streams, and steps of each, a third of them warm-up; a stack's Jacobians
# come by autograd, whose steps cost fifty times as much
_LEAST_STEPS, _LEAST_STREAMS = 60, 3  # of a stream; of an interval


@dataclass(frozen=True)
class Flow:
    """One lag profile and when it was taken: "initialisation", "early" (at 10 % of the steps) or "end"."""

    moment: Moment
    seed: int
    profile: LagProfile

    @property
    def slope(self) -> Slope:
        """The profile in numbers."""
        slope, horizon, censored = summarise(self.profile.mean)
        lags = len(self.profile.mean)
        return Slope(seed=self.seed, moment=self.moment, slope=slope, horizon=horizon, horizon_censored=censored,
                     lags=lags)  # fmt: skip


def measure_flow(network: Network, task: Task, moment: Moment, seed: int) -> Flow:
    """The lag profile on a few held-out sequences."""
    return Flow(moment, seed, network_lag_profile(network, task, task.held_out("test", FLOW_SEQUENCES)))


def measure_exponent(network: Network, task: Task, seed: int) -> Exponent:
    """Largest Lyapunov exponent of the network driven by held-out sequences joined end to end, over streams of them.

    A third of each stream does not count: what a tangent does before it has turned into the direction that grows the
    most. Without measurement where all sequences together are shorter than one stream of the least length, or where the
    exponent is no finite number.
    """
    x_TBI = _streams(task, *(_STACK if _layers(network) > 1 else _ONE_LAYER))
    if x_TBI is None:
        return Exponent()
    warmup, (steps, streams, _) = len(x_TBI) // 3, x_TBI.shape
    found = stream_exponents(network, x_TBI, warmup, torch.Generator().manual_seed(seed))
    if not found.isfinite().all():
        return Exponent()
    error = found.std().item() / math.sqrt(streams) if streams >= _LEAST_STREAMS else None
    return Exponent(lyapunov_end=found.mean().item(), lyapunov_end_se=error, lyapunov_end_streams=streams,
                    lyapunov_end_steps=steps - warmup)  # fmt: skip


def _layers(network: Network) -> int:
    return len(network.stack) if isinstance(network, RecurrentNetwork) else 0


def _streams(task: Task, streams: int, steps: int) -> Tensor | None:
    """[T', B', I]: the true steps of held-out sequences laid end to end and cut into equal streams, so many and so long
    where there are enough; shorter ones of a small file, then fewer."""
    joined = _joined(task.held_out("test", -(-streams * steps // _typical_length(task))))
    if len(joined) < _LEAST_STEPS:
        return None
    streams = min(streams, len(joined) // _LEAST_STEPS)
    steps = min(steps, len(joined) // streams)
    return joined[: steps * streams].view(streams, steps, -1).transpose(0, 1)


def _typical_length(task: Task) -> int:
    batch = task.held_out("test", FLOW_SEQUENCES)
    return max(1, len(batch.x) if batch.lengths is None else int(batch.lengths.min()))


def _joined(batch: Batch) -> Tensor:
    """[steps, I]."""
    steps, count, _ = batch.x.shape
    if batch.lengths is None:
        return batch.x.transpose(0, 1).reshape(steps * count, -1)
    return torch.cat([batch.x[:length, b] for b, length in enumerate(batch.lengths.tolist())])
