"""Test scores at a fixed amount of data, of trainings that can tell who generalises better.

What a network that did not even learn its training set scores on the test part says nothing about generalisation: it is
optimisation that failed. Two perfect test scores say nothing of who is better. With too few seeds left, those left may
be the odd ones.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from carousel.experiments.claims.generalisation.comparisons import test_win
from carousel.experiments.claims.generalisation.margins import MARGINS
from carousel.experiments.columns import TRAINING_SCORES
from carousel.experiments.decision.details import Fit
from carousel.experiments.decision.paired import missing_row, superiority_row
from carousel.experiments.decision.results import BySeed, numbers, score
from carousel.experiments.decision.verdict import Effect, Row
from carousel.experiments.tables import TrialRow

PERFECT = 1.0  # accuracy or R2


def fits(trial: TrialRow) -> bool:
    """Its score on its training set reaches the line, by the weights that are tested or by the last ones."""
    scores = [score for column in TRAINING_SCORES for score in numbers([trial], column)]
    return trial.outcome != "diverged" and max(scores, default=-math.inf) >= MARGINS.fit_score


def fitted_row(where: str, effect: tuple[str, str], rnn: BySeed, lstm: BySeed, alpha: float, **about: Any) -> Row:
    """P(LSTM beats RNN) over the seeds that can tell: both fit the same training set, and not both test scores are
    perfect. Not tested where fewer than half of the seeds are such; the reason says why. `details["fit"]`: of how many
    seeds each fits its set, both do, and both are perfect."""
    seeds = sorted(rnn.keys() & lstm.keys())
    if not seeds:
        return missing_row(where, effect, **about)
    both_fit = [s for s in seeds if fits(rnn[s]) and fits(lstm[s])]
    counted = [s for s in both_fit if min(score(rnn[s]), score(lstm[s])) < PERFECT]
    fit: Fit = {
        "seeds": len(seeds),
        "rnn": sum(fits(rnn[s]) for s in seeds),
        "lstm": sum(fits(lstm[s]) for s in seeds),
        "both": len(both_fit),
        "perfect": len(both_fit) - len(counted),
    }
    if len(counted) < MARGINS.counted_share * len(seeds):
        return Row(where, "not-tested", _too_few(fit), Effect(*effect), 0, details={"fit": fit}, **about)
    row = superiority_row(where, effect, [test_win(lstm[s], rnn[s]) for s in counted], alpha, **about)
    needed = row.seeds_needed and math.ceil(row.seeds_needed * len(seeds) / len(counted))
    return replace(row, seeds_needed=needed, details={**row.details, "fit": fit})


def _too_few(fit: Fit) -> str:
    """Why too few seeds are left: a key under claims.reasons."""
    if fit["both"] >= MARGINS.counted_share * fit["seeds"]:
        return "ceiling"
    if fit["rnn"] == fit["lstm"]:
        return "unfit_both"
    return "unfit_rnn" if fit["rnn"] < fit["lstm"] else "unfit_lstm"
