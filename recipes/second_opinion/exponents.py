"""The largest Lyapunov exponent of every stored network again, in float64, by derivatives of a step written out here.

Held-out sequences joined end to end are cut into equal streams. A tangent is carried along each; its growth after
a third of the steps, in nats per step, is the exponent of the stream. Source: Benettin et al. 1980.

Two right programs differ where two leading directions grow alike, since the tangent one begins with then counts a
little, and where states part for rounding, in a chaotic network most. How much is measured: COPIES of our own each have
another first tangent, and states that are shaken by what float32 rounds. The printed number may lie as far from their
mean as they lie apart, SPREADS times.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from folder import Folder, Trial
from opinion import Opinion
from sequences import TEST, held_out

Array = np.ndarray
Step = Callable[[Array, Array, Array], tuple[Array, Array]]  # input's part of the sums, state, tangent -> the next two
STREAMS, STEPS, WARM_UP = 8, 4500, 3  # docs/trials.md: so many, so long, one in so many steps not counted
COPIES, SPREADS, CLOSE, ROUNDED = 8, 3.0, 1e-6, 2.0**-24


def check_exponents(folder: Folder, chosen: list[Trial], opinion: Opinion) -> None:
    """Means and standard errors of stored networks with one layer."""
    printed = {row["trial"]: row for row in folder.table("trials")}
    for trial in chosen:
        row = printed[trial.name]
        if row["lyapunov_end"] is None:
            continue
        if trial.asked["contender"]["layers"] > 1:
            opinion.omit("exponents of stacks")
            continue
        found = of_streams(trial, folder.weights(trial))
        errors = found.std(axis=1, ddof=1) / math.sqrt(STREAMS)
        for name, ours in (("lyapunov_end", found.mean(axis=1)), ("lyapunov_end_se", errors)):
            slack = CLOSE + SPREADS * float(np.ptp(ours))
            where = f"{trial.condition} {trial.spec} seed {trial.seed}, {name}"
            opinion.say("exponents", where, row[name], float(ours.mean()), slack)


def of_streams(trial: Trial, weights: dict[str, Array]) -> Array:
    """[COPIES, STREAMS]: nats per step."""
    length = int(trial.asked["length"])
    x = held_out(str(trial.task), length, (TEST[0], -(-STREAMS * STEPS // length))).x.numpy().astype(np.float64)
    streams = x.transpose(1, 0, 2).reshape(-1, x.shape[2])[: STREAMS * STEPS].reshape(STREAMS, STEPS, -1)
    streams = np.tile(streams, (COPIES, 1, 1))
    part = {name.removeprefix("cells.0."): value.astype(np.float64) for name, value in weights.items()}
    step, states = STEP[trial.asked["contender"]["cell"]](part)
    shape = (len(streams), states * part["weight_hh"].shape[1])
    rng = np.random.default_rng(1)
    state, tangent = np.zeros(shape), rng.standard_normal(shape)
    driven, grown = streams @ part["weight_ih"].T + part["bias_ih"], np.zeros(len(streams))
    for t in range(STEPS):
        state, tangent = step(driven[:, t], state, tangent)
        state *= 1 + ROUNDED * rng.standard_normal(shape)
        size = np.linalg.norm(tangent, axis=1)
        tangent /= size[:, None]
        if t >= STEPS // WARM_UP:
            grown += np.log(size)
    return grown.reshape(COPIES, STREAMS) / (STEPS - STEPS // WARM_UP)


def _elman(part: dict[str, Array], phi: Callable[[Array], Array], slope: Callable[[Array], Array]) -> tuple[Step, int]:
    u, b = part["weight_hh"].T, part["bias_hh"]

    def step(driven: Array, h: Array, dh: Array) -> tuple[Array, Array]:
        new = phi(driven + b + h @ u)
        return new, slope(new) * (dh @ u)

    return step, 1


def _lstm(part: dict[str, Array]) -> tuple[Step, int]:
    u, b = part["weight_hh"].T, part["bias_hh"]
    width = len(u)

    def step(driven: Array, state: Array, tangent: Array) -> tuple[Array, Array]:
        (h, c), (dh, dc) = np.split(state, 2, axis=1), np.split(tangent, 2, axis=1)
        sums, moved = driven + b + h @ u, np.split(dh @ u, 4, axis=1)
        i, f, o = (sigmoid(sums[:, k * width : (k + 1) * width]) for k in (0, 1, 3))
        g = np.tanh(sums[:, 2 * width : 3 * width])
        c_new = f * c + i * g
        dc_new = f * dc + f * (1 - f) * moved[1] * c + i * (1 - i) * moved[0] * g + i * (1 - g * g) * moved[2]
        shown = np.tanh(c_new)
        dh_new = o * (1 - o) * moved[3] * shown + o * (1 - shown * shown) * dc_new
        return np.hstack([o * shown, c_new]), np.hstack([dh_new, dc_new])

    return step, 2


def _gru(part: dict[str, Array]) -> tuple[Step, int]:
    u, b = part["weight_hh"].T, part["bias_hh"]

    def step(driven: Array, h: Array, dh: Array) -> tuple[Array, Array]:
        x_r, x_z, x_n = np.split(driven, 3, axis=1)
        h_r, h_z, h_n = np.split(h @ u + b, 3, axis=1)
        d_r, d_z, d_n = np.split(dh @ u, 3, axis=1)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * h_n)
        dn = (1 - n * n) * (r * (1 - r) * d_r * h_n + r * d_n)
        return (1 - z) * n + z * h, z * (1 - z) * d_z * (h - n) + (1 - z) * dn + z * dh

    return step, 1


def sigmoid(x: Array) -> Array:
    """By the hyperbolic tangent, which overflows nowhere."""
    return (1 + np.tanh(x / 2)) / 2


STEP: dict[str, Callable[[dict[str, Array]], tuple[Step, int]]] = {
    "rnn": lambda part: _elman(part, np.tanh, lambda h: 1 - h * h),
    "rnn-relu": lambda part: _elman(part, lambda a: np.maximum(a, 0), lambda h: (h > 0).astype(np.float64)),
    "lstm": _lstm,
    "gru": _gru,
}
