"""Gradient flow of a network in training: its lag profile at a moment, and its largest exponent at the end."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from carousel.experiments.columns import Moment, Slope
from carousel.experiments.contenders.base import Network
from carousel.experiments.probes.network_flow import largest_exponent, network_lag_profile
from carousel.experiments.tasks.base import Batch, Task
from carousel.introspect.flow import LagProfile, summarise

FLOW_SEQUENCES = 16
_STREAMS, _STREAM_STEPS, _WARMUP = 4, 250, 50


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


def measure_exponent(network: Network, task: Task, seed: int) -> float | None:
    """Largest Lyapunov exponent, nats per step, of the network driven by held-out sequences joined end to end; None
    where all of them together are no longer than the steps that do not count, or where it is no finite number (a
    network of ReLUs that are all off forgets at once: minus infinity)."""
    generator = torch.Generator().manual_seed(seed)
    per_stream = -(-_STREAM_STEPS // max(1, _typical_length(task)))
    x_TBI = _streams(task.held_out("test", _STREAMS * per_stream))
    if len(x_TBI) <= _WARMUP:
        return None
    found = largest_exponent(network, x_TBI, _WARMUP, generator)
    return found if math.isfinite(found) else None


def _typical_length(task: Task) -> int:
    batch = task.held_out("test", FLOW_SEQUENCES)
    return len(batch.x) if batch.lengths is None else int(batch.lengths.min())


def _streams(batch: Batch) -> Tensor:
    """[T', B', I]: the true steps of all sequences laid end to end and cut into equal streams."""
    steps, count, _ = batch.x.shape
    lengths = [steps] * count if batch.lengths is None else batch.lengths.tolist()
    joined = torch.cat([batch.x[:length, b] for b, length in enumerate(lengths)])
    streams = min(_STREAMS, max(1, len(joined) // (2 * _WARMUP)))
    per_stream = min(len(joined) // streams, _STREAM_STEPS)
    return joined[: per_stream * streams].view(streams, per_stream, -1).transpose(0, 1)
