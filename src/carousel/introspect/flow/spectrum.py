"""The Lyapunov spectrum of a recorded layer: how fast each direction of the state grows or dies along the run."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from carousel.common.errors import BadCall
from carousel.introspect.flow.jacobians import Recurrence
from carousel.introspect.flow.linearisation import Linearisation
from carousel.introspect.flow.one_tape import Recorded, one_tape
from carousel.introspect.flow.singular import checked_count
from carousel.introspect.flow.trajectory import Trajectory, trajectory

LEAST_STEPS = 20  # counted steps of the shortest sequence, where the interval is over sequences
BLOCKS, LEAST_BLOCK = 10, 10  # where it is over blocks of one sequence


class Spectrum(NamedTuple):
    """exponents: [count] float64, nats per step, in the order in which QR finds them: the largest first, but for
    sampling error. low, high: the 95 % interval of each. steps: how many were counted, over all sequences.

    -inf: a direction that a step maps to 0 exactly (a dead ReLU unit); its interval is NaN.
    """

    exponents: Tensor
    low: Tensor
    high: Tensor
    steps: int


def lyapunov(
    tape: Recorded,
    name: str | None = None,
    *,
    generator: Generator,
    count: int | None = None,
    warmup: int | None = None,
    call: int | None = None,
) -> Spectrum:
    """The Lyapunov exponents of the layer driven by its recorded input. Above 0: chaos.

    A random orthonormal Q [S, count] is carried along: Z = J_t Q, Z = Q R; exponent i is the mean of ln|R_ii| (Benettin
    et al. 1980), after `warmup` steps that do not count; None for a quarter of the run. count: the largest so many,
    None for all S. The interval is Student's: over the sequences' own means where there are two or more, else over ten
    blocks of time. A run with interventions is refused.

    Raises BadCall for sequences too short (20 counted steps in the shortest; 100 where there is one), for resets, which
    end every direction, and for a count or warm-up that does not fit.
    """
    steps = trajectory(one_tape(tape, name, call))
    recurrence, lengths = Recurrence(steps), steps.lengths
    kept = checked_count(count, recurrence.size)
    skipped = len(steps.order) // 4 if warmup is None else warmup
    _check(steps, skipped)
    growth = log_growth(recurrence, kept, generator)
    own = [growth[skipped:length, b] for b, length in enumerate(lengths.tolist())]
    samples = [part.mean(dim=0) for part in (own if len(own) > 1 else own[0].tensor_split(BLOCKS))]
    means = torch.stack([part.mean(dim=0) for part in own]).mean(dim=0)
    half = _half_width(torch.stack(samples))
    return Spectrum(means, means - half, means + half, sum(map(len, own)))


def log_growth(run: Linearisation, count: int, generator: Generator) -> Tensor:
    """[T, B, count]: ln|R_ii| of every step, how much each of `count` random directions grew; anything at padding."""
    batch = len(run.lengths)
    drawn = torch.randn((batch, count, run.size), generator=generator, dtype=torch.float64, device=generator.device)
    q, kept = drawn.cpu(), []
    _, log_start = _orthonormal(q)
    for row in range(int(run.lengths.max())):
        q, log = _orthonormal(run.push(torch.full((batch,), row), q))
        kept.append(log)
    kept[0] = kept[0] - log_start
    return torch.stack(kept)


def _orthonormal(z_BNS: Tensor) -> tuple[Tensor, Tensor]:
    """The rows of each matrix made orthonormal, and ln of what is left of each one's length [B, N]. One alone needs no
    more than its length; 0 stays 0."""
    if z_BNS.shape[1] == 1:
        norm = z_BNS.norm(dim=-1, keepdim=True)
        return torch.where(norm > 0, z_BNS / norm, 0.0), norm.squeeze(-1).log()
    q, r = torch.linalg.qr(z_BNS.mT)
    return q.mT, r.diagonal(dim1=1, dim2=2).abs().log()


def _check(steps: Trajectory, warmup: int) -> None:
    shortest, longest = int(steps.lengths.min()), len(steps.order)
    least = LEAST_STEPS if len(steps.lengths) > 1 else BLOCKS * LEAST_BLOCK
    if warmup < 0:
        raise BadCall("warmup is a number of steps", allowed="0, 1, ...", got=warmup)
    if shortest - warmup < least:
        raise BadCall(
            f"the run is too short for an exponent: {warmup} of its {longest} steps are warm-up",
            allowed=f"{least} counted steps or more in the shortest sequence", got=max(0, shortest - warmup),
            fix="record longer sequences, or pass a smaller warmup",
        )  # fmt: skip
    if (steps.cut[1:] & (torch.arange(1, longest).unsqueeze(1) < steps.lengths)).any():
        raise BadCall("a reset ends every direction, so there is no exponent across it", fix="record without resets")


def _half_width(samples: Tensor) -> Tensor:
    """Half of Student's 95 % interval of the mean; samples [n, count]."""
    from scipy.special import stdtrit

    n = len(samples)
    half: Tensor = float(stdtrit(n - 1, 0.975)) * samples.std(dim=0) / n**0.5
    return half
