"""Test scores at a fixed amount of data, of trainings that fit it: what a network that did not even learn its training
set scores on the test part says nothing about generalisation, it is optimisation that failed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from carousel.experiments.claims.generalisation.comparisons import test_win
from carousel.experiments.claims.generalisation.margins import MARGINS
from carousel.experiments.columns import TRAINING_SCORES
from carousel.experiments.decision.paired import missing_row, superiority_row
from carousel.experiments.decision.results import BySeed, Record, numbers
from carousel.experiments.decision.verdict import Effect, Row


def fits(trial: Record) -> bool:
    """Its score on its training set reaches the line, by the weights that are tested or by the last ones."""
    scores = [score for column in TRAINING_SCORES for score in numbers([trial], column)]
    return trial["outcome"] != "diverged" and max(scores, default=-math.inf) >= MARGINS.fit_score


def fitted_row(where: str, effect: tuple[str, str], rnn: BySeed, lstm: BySeed, alpha: float, **about: Any) -> Row:
    """P(LSTM beats RNN) over the seeds on which both fit the same training set. `details["fit"]`: of how many seeds
    each did. Where no seed has both, the row is not tested, and its reason says which side failed."""
    seeds = sorted(rnn.keys() & lstm.keys())
    if not seeds:
        return missing_row(where, effect, **about)
    fit = {"seeds": len(seeds), "rnn": sum(fits(rnn[s]) for s in seeds), "lstm": sum(fits(lstm[s]) for s in seeds)}
    counted = [s for s in seeds if fits(rnn[s]) and fits(lstm[s])]
    if not counted:
        return Row(where, "not-tested", _failed(fit), Effect(*effect), 0, details={"fit": fit}, **about)
    row = superiority_row(where, effect, [test_win(lstm[s], rnn[s]) for s in counted], alpha, **about)
    needed = row.seeds_needed and math.ceil(row.seeds_needed * len(seeds) / len(counted))
    return replace(row, seeds_needed=needed, details={**row.details, "fit": fit})


def _failed(fit: dict[str, int]) -> str:
    """A key under claims.reasons."""
    if fit["rnn"] == fit["lstm"]:
        return "unfit_both"
    return "unfit_rnn" if fit["rnn"] < fit["lstm"] else "unfit_lstm"
