"""What needs no features: the most frequent class or key, the mean, the last value."""

from __future__ import annotations

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.rivals.base import Fitted, Predict
from carousel.experiments.rivals.examples import Examples


def most_frequent(examples: Examples, seed: int) -> Fitted:
    """The share of each class in the training part; of a piano roll of each key, half a count added to each side."""
    training = examples.rows("training")
    if examples.prepared.kind == "piano-roll":
        frames = next_frames(examples.prepared, training)
        share = _share(frames.sum(axis=0), len(frames))
        return Fitted(lambda rows: np.broadcast_to(share, (_frames(examples, rows), len(share))), "", len(training))
    classes = len(examples.prepared.card["classes"] or ())
    counts = np.bincount(examples.y[training], minlength=classes) / len(training)
    return Fitted(lambda rows: np.broadcast_to(counts, (len(rows), classes)), "", len(training))


def mean(examples: Examples, seed: int) -> Fitted:
    """The training mean, which scaled targets have at 0."""
    return Fitted(_zeros(examples), "", len(examples.rows("training")))


def persistence(examples: Examples, seed: int) -> Fitted:
    """The last value seen; of a piano roll the chance of a key that now sounds, or now does not, to sound next."""
    training = examples.rows("training")
    if examples.prepared.kind != "piano-roll":
        return Fitted(_zeros(examples), "", len(training))
    now, later = now_frames(examples.prepared, training), next_frames(examples.prepared, training)
    # A key heard too seldom to tell falls back on how often any key does the same.
    stays, begins = (_shrunk((later * on).sum(axis=0), on.sum(axis=0)) for on in (now, 1 - now))

    def predict(rows: Ints) -> Floats:
        seen = now_frames(examples.prepared, rows)
        return seen * stays + (1 - seen) * begins

    return Fitted(predict, "", len(training))


def next_frames(prepared: Prepared, rows: Ints) -> Floats:
    """[F, keys] the frames to predict, sequence after sequence."""
    found: Floats = prepared.x[_steps(prepared, rows) + 1].astype(np.float64)
    return found


def now_frames(prepared: Prepared, rows: Ints) -> Floats:
    """[F, keys] the frame before each of them."""
    found: Floats = prepared.x[_steps(prepared, rows)].astype(np.float64)
    return found


def _zeros(examples: Examples) -> Predict:
    return lambda rows: np.zeros((len(rows), examples.y.shape[1]))


def _steps(prepared: Prepared, rows: Ints) -> Ints:
    return np.concatenate(
        [np.arange(s, s + n) for s, n in zip(prepared.starts[rows], prepared.lengths[rows], strict=True)]
    )


def _frames(examples: Examples, rows: Ints) -> int:
    return int(examples.prepared.lengths[rows].sum())


def _share(count: Floats, of: float | Floats) -> Floats:
    return (count + 0.5) / (of + 1)


def _shrunk(count: Floats, of: Floats) -> Floats:
    every = _share(count.sum(), of.sum())
    return (count + every) / (of + 1)
