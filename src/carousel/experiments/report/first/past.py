"""Of a user's file: does more of the past help the advised network? From its scores, paired by seed."""

from __future__ import annotations

import math

from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.results import Results, score
from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.wording import number
from carousel.experiments.report.first.words import say


def past(results: Results, spec: str, lang: str) -> str | None:
    """A sentence: whole sequences against the shortest history; None where only one of them was run."""
    histories = results.lengths(results.file) if results.file else []
    if len(histories) < 2:
        return None
    cut, whole = results.together((histories[0].key, spec), (histories[-1].key, spec))
    if not whole:
        return None
    gains = mean_interval([score(whole[seed]) - score(cut[seed]) for seed in sorted(whole)], SHOWN, results.overlap)
    verdict = "helps" if gains.above(0.0) else "hurts" if gains.below(0.0) else "open"
    means = [number(math.fsum(map(score, rows.values())) / len(rows)) for rows in (whole, cut)]
    return say(f"first.past.{verdict}", lang, whole=means[0], cut=means[1], steps=histories[0].length)
