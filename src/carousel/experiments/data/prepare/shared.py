"""The last touches that every way to a `Prepared` shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.prepare.baseline import baseline_of
from carousel.experiments.data.prepare.describe import baseline_card
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.scaling import Scaled

NONE: Floats = np.zeros(0)


def with_masks(scaled: Scaled) -> tuple[Floats, Floats]:
    """Mean and deviation of every channel of x: a mask is not scaled."""
    masks = len(scaled.masked)
    return np.concatenate([scaled.mean, np.zeros(masks)]), np.concatenate([scaled.std, np.ones(masks)])


def with_baseline(prepared: Prepared) -> Prepared:
    """With the baseline's score in the card."""
    return replace(prepared, card={**prepared.card, **baseline_card(baseline_of(prepared))})
