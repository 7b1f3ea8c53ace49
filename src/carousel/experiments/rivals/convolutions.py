"""Random convolutions with ridge: MiniRocket (Dempster, Schmidt and Webb 2021, KDD) for sequences of any length.

84 kernels of nine taps at dilations from 1 to a length of the longest sequence, each on some channels that are drawn.
A feature is the share of steps where the convolution is above a bias, which is a quantile of what the kernel gives on a
training sequence that is drawn. A sequence is seen at its own length. 2,016 features, not the paper's 9,996: the ridge
takes a quarter of a minute less a split, and the paper finds little lost from 2,000 on (its figure 10).
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints, Singles
from carousel.experiments.rivals.base import Fitted, in_blocks
from carousel.experiments.rivals.examples import Examples
from carousel.experiments.rivals.kernels import CENTRE, TAPS, convolve, minus_sums, transform
from carousel.experiments.rivals.ridge import fit_ridge
from carousel.experiments.rivals.scoring import score, squared_error

MOST_EXAMPLES, _HELD_OUT = 10_000, 4_000
_BIASES = 24  # a kernel, over all dilations
_MOST_CHANNELS = 9  # of one kernel
_GOLDEN = (5**0.5 + 1) / 2


class Kernels(NamedTuple):
    """dilations, counts: [D]; channels: [D, 84, most], -1 beyond those of a kernel; places: [84, 3]; biases: [F]."""

    dilations: Ints
    counts: Ints
    channels: Ints
    places: Ints
    biases: Singles


def random_convolutions(examples: Examples, seed: int) -> Fitted:
    """Classes as a number each, 1 for the right one and -1 for the others."""
    training, held_out = examples.rows("training", MOST_EXAMPLES), examples.rows("validation", _HELD_OUT)
    kernels = draw_kernels(examples, training, np.random.default_rng(seed))
    classified = examples.prepared.kind == "classification"
    y = examples.y.astype(np.float64) if not classified else _signs(examples)

    def error(predicted: Floats) -> float:
        found = score(examples, held_out, predicted) if classified else squared_error(examples, held_out, predicted)
        return -found if classified else found

    fitted = fit_ridge(features(examples, training, kernels), y[training], features(examples, held_out, kernels), error)
    return Fitted(
        in_blocks(lambda rows: fitted.predict(features(examples, rows, kernels))),
        f"penalty={fitted.penalty:g}",
        len(training),
    )


def features(examples: Examples, rows: Ints, kernels: Kernels) -> Singles:
    """[n, F] shares of steps."""
    p = examples.prepared
    longest = int(p.lengths[rows].max())
    shared = np.empty((p.x.shape[1], longest), dtype=np.float32)
    held = np.empty(longest, dtype=np.float32)
    out = np.empty((len(rows), len(kernels.biases)), dtype=np.float32)
    transform(p.x, p.starts[rows], p.lengths[rows], *kernels, shared, held, out)
    return out


def draw_kernels(examples: Examples, training: Ints, rng: np.random.Generator) -> Kernels:
    """Channels and biases of every kernel at every dilation."""
    p = examples.prepared
    dilations, counts = _dilations(int(p.lengths[training].max()))
    places = np.array(list(combinations(range(TAPS), 3)))
    channels = _channels(len(dilations), len(places), p.x.shape[1], rng)
    quantiles = np.arange(1, counts.sum() * len(places) + 1) * _GOLDEN % 1.0
    longest = int(p.lengths[training].max())
    shared, held = np.empty((p.x.shape[1], longest), dtype=np.float32), np.empty(longest, dtype=np.float32)
    biases, at = np.empty(len(quantiles), dtype=np.float32), 0
    for d, dilation in enumerate(dilations):
        for k, row in enumerate(rng.choice(training, len(places))):
            start, steps = int(p.starts[row]), int(p.lengths[row])
            minus_sums(p.x, start, steps, int(dilation), shared)
            convolve(p.x, start, steps, int(dilation), shared, channels[d, k], places[k], held)
            biases[at : at + counts[d]] = np.quantile(held[:steps], quantiles[at : at + counts[d]])
            at += counts[d]
    return Kernels(dilations, counts, channels, places, biases)


def _dilations(longest: int) -> tuple[Ints, Ints]:
    """Each dilation once, with its number of biases a kernel: from 1 to where the taps span the longest sequence."""
    largest = np.log2(max(1.0, (longest - 1) / (2 * CENTRE)))
    found, counts = np.unique(np.logspace(0, largest, _BIASES, base=2).astype(np.int64), return_counts=True)
    return found, counts.astype(np.int64)


def _channels(dilations: int, kernels: int, count: int, rng: np.random.Generator) -> Ints:
    """As the paper's for several channels: 1 to 9 of them, few more often than many."""
    most = min(count, _MOST_CHANNELS)
    found = np.full((dilations, kernels, most), -1, dtype=np.int64)
    for kernel in found.reshape(-1, most):
        some = min(most, int(2 ** rng.uniform(0, np.log2(most + 1))))
        kernel[:some] = rng.choice(count, some, replace=False)
    return found


def _signs(examples: Examples) -> Floats:
    classes = len(examples.prepared.card["classes"] or ())
    return 2.0 * np.eye(classes)[examples.y] - 1.0
