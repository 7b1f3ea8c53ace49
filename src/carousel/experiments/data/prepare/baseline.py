"""What is reached without learning anything from a sequence: the majority, the mean, persistence, key frequencies.

Also the numbers of a score that need no torch: `r2` and the log-likelihood of a piano roll.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints
from carousel.experiments.data.prepare.prepared import Prepared


@dataclass(frozen=True)
class Baseline:
    """name, metric: keys of the catalogue. chance: its score on the test part.

    chance_loss: its loss on the training part: nats (classes, piano rolls) or scaled squared error (values).
    """

    name: str
    metric: str
    chance: float
    chance_loss: float


def r2(actual: Floats, predicted: Floats) -> float:
    """1 - squared error / variance about the mean, of [N, K]; the mean over K. NaN where a column never varies."""
    largest = max(np.abs(actual).max(), np.abs(predicted).max())
    if largest > 1e100:  # whose squares are no numbers; R² does not depend on the unit
        actual, predicted = actual / largest, predicted / largest
    error = ((actual - predicted) ** 2).sum(axis=0)
    spread = ((actual - actual.mean(axis=0)) ** 2).sum(axis=0)
    if (spread == 0).any():
        return float("nan")
    return float((1 - error / spread).mean())


def baseline_of(prepared: Prepared, history: int = 0) -> Baseline:
    """The baseline of this file; `history` n > 0 where only the last n steps of each sequence count."""
    if prepared.kind == "classification":
        return _majority(prepared)
    if prepared.kind == "piano-roll":
        return _memoryless(prepared, history)
    return _mean(prepared) if prepared.kind == "regression" else _persistence(prepared)


def _majority(prepared: Prepared) -> Baseline:
    training = prepared.y[prepared.rows("training")]
    share = np.bincount(training) / len(training)
    hits = prepared.y[prepared.rows("test")] == share.argmax()
    entropy = -float((share[share > 0] * np.log(share[share > 0])).sum())
    return Baseline("majority", "accuracy", float(hits.mean()), entropy)


def _mean(prepared: Prepared) -> Baseline:
    # Scaled targets have the training mean at 0; R² does not depend on the unit.
    test = prepared.y[prepared.rows("test")].astype(np.float64)
    return Baseline("mean", "r2", r2(test, np.zeros_like(test)), _squares(prepared))


def _persistence(prepared: Prepared) -> Baseline:
    rows = prepared.rows("test")
    actual, last = future(prepared, rows)
    chance = r2(actual.reshape(-1, actual.shape[2]), np.broadcast_to(last, actual.shape).reshape(-1, actual.shape[2]))
    return Baseline("persistence", "r2", chance, _squares(prepared))


def future(prepared: Prepared, rows: Ints) -> tuple[Floats, Floats]:
    """Forecast examples in units of y_std: what came [N, horizon, K], and the last value seen [N, 1, K].

    From the training mean, which R² does not see.
    """
    columns = prepared.y_channels
    last = prepared.x[prepared.starts[rows] + prepared.lengths[rows] - 1][:, columns].astype(np.float64)
    last = (last * prepared.std[columns] / prepared.y_std)[:, None]
    change = prepared.y[rows].astype(np.float64).reshape(len(rows), -1, len(columns))
    return last + change, last


def _squares(prepared: Prepared) -> float:
    return float((prepared.y[prepared.rows("training")].astype(np.float64) ** 2).mean())


def _memoryless(prepared: Prepared, history: int) -> Baseline:
    training = _next_frames(prepared, "training", history)
    # Half a count added to each side: a key never heard in training is not impossible.
    share = (_next_frames(prepared, "training", 0).sum(axis=0) + 0.5) / (len(_next_frames(prepared, "training", 0)) + 1)
    chance = log_likelihood(_next_frames(prepared, "test", history), share)
    return Baseline("memoryless", "log_likelihood", chance, -log_likelihood(training, share))


def _next_frames(prepared: Prepared, part: str, history: int) -> Floats:
    rows = prepared.rows(part)
    lengths = prepared.lengths[rows]
    seen = np.minimum(lengths, history) if history else lengths
    ends = prepared.starts[rows] + lengths
    index = [np.arange(end - n + 1, end + 1) for end, n in zip(ends, seen, strict=True)]
    frames: Floats = prepared.x[np.concatenate(index)].astype(np.float64)
    return frames


def log_likelihood(frames: Floats, share: Floats) -> float:
    """Nats a frame of [F, keys] under independent keys, summed over the keys."""
    return float((frames * np.log(share) + (1 - frames) * np.log(1 - share)).sum(axis=1).mean())
