"""What the seeds of a run on a file vary, and what that leaves out of its intervals.

Where each seed has a split of its own, the splits are of one file and overlap: intervals of means over the seeds are
widened for it (statistics.means.resampling_factor), and wins are counted but do not decide against them (`guarded`).
Where the split or the test part is the same for all seeds, nothing can be widened; it is said instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from carousel.common.texts import both
from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.statistics.means import mean_interval

if TYPE_CHECKING:
    from carousel.experiments.data.card import Card
    from carousel.experiments.decision.verdict import Both, Row

_RESPLIT = ("sequences", "shifted")  # the ways of `data/prepare/resplit.py` in which the test part varies


def overlap_of(card: Card | None) -> float:
    """Test examples over training examples where the whole split varies with the seed; 0 elsewhere, and for tasks.

    Validation examples are not counted as training, which makes the correction larger rather than smaller.
    """
    split = card["split"] if card is not None else None
    return split["test"] / split["training"] if split and split.get("varied") in _RESPLIT else 0.0


def sample_note(card: Card | None) -> Both | None:
    """What the intervals over the seeds speak of, in a sentence; None where the run has no card of a file."""
    if card is None:
        return None
    split = card["split"]
    known = {"test": split["test"], "training": split["training"]}
    return both(f"claims.sample.{split.get('varied', 'one')}", **known)


def guarded(row: Row, differences: Sequence[float], alpha: float, overlap: float) -> Row:
    """A row judged by wins, whose answer stands only if the mean paired difference agrees by its widened interval.

    Wins over splits of one file speak of other splits of this file; that they also hold for other sequences of the
    kind needs the spread between splits. Without overlap, and without differences, the row is as it was.
    """
    if not overlap or not differences:
        return row
    shown = mean_interval(differences, SHOWN, overlap)
    mean = math.fsum(differences) / len(differences)
    row = replace(row, details={**row.details, "overlap": overlap, "difference": [mean, *shown]})
    decides = mean_interval(differences, alpha, overlap)
    agrees = {("supported", "beyond"): decides.above(0.0), ("refuted", "opposite"): decides.below(0.0)}
    if agrees.get((row.verdict, row.reason), True):
        return row
    return replace(row, verdict="inconclusive", reason="overlap", seeds_needed=None)
