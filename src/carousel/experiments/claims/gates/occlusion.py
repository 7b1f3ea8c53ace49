"""Claim 4 on a user's file: what each block of the past is worth, by occlusion. Shown, not judged.

The claim speaks of a key among noise. A file marks no key, so neither of its parts has anything to be judged by; what
the best RNN and the best LSTM lose when a block of lags tells of another sequence (`probes/occlusion.py`) says
which stretch of the past they use, and is shown with the verdict `not-tested`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from carousel.common.texts import both
from carousel.experiments.claims.base import Claim
from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.results import Results, trial_files
from carousel.experiments.decision.split_overlap import sample_note
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.verdict import Both, Effect, Row, Verdict
from carousel.experiments.decision.wording import interval, join, lag_block, signed

EFFECT = ("occlusion_drop", "score")
Block = tuple[int, int]


def occlusion_verdict(claim: Claim, results: Results, source: str) -> Verdict:
    """`not-tested`, with the drops of each family's best as rows that decide nothing."""
    whole = results.judged(source)[-1]
    bests = [results.best(whole.key, results.specs(source, family)) for family in ("LSTM", "RNN")]
    shown = [spec for spec in bests if spec and results.occlusion(whole.key, spec)]
    if not shown:
        return claim.not_tested("gates_file")
    rows = tuple(row for spec in shown for row in _rows(results, whole.key, spec))
    leading = [_leading(results, whole.key, spec) for spec in shown]
    because = join(
        both("claims.untested.gates_shown"),
        *(_sentence(row, results, whole.key) for row in leading),
        sample_note(results.evidence.card),
    )
    used = [row for spec in shown for row in results.reporting(whole.key, spec).values()]
    return Verdict(claim.id, "not-tested", leading[0].effect, leading[0].n, because, rows, trial_files(used))


def _rows(results: Results, condition: str, spec: str) -> list[Row]:
    blocks = results.occlusion(condition, spec)
    return [_row(condition, spec, block, list(drops.values()), SHOWN, results) for block, drops in blocks.items()]


def _leading(results: Results, condition: str, spec: str) -> Row:
    """The block that costs most; its interval holds for all blocks together (Bonferroni), since it was picked."""
    blocks = {block: list(drops.values()) for block, drops in results.occlusion(condition, spec).items()}
    most = max(blocks, key=lambda block: _mean(blocks[block]))
    return _row(condition, spec, most, blocks[most], SHOWN / len(blocks), results)


def _row(condition: str, spec: str, block: Block, drops: Sequence[float], alpha: float, results: Results) -> Row:
    ends: Interval = mean_interval(drops, alpha, results.overlap)
    where = f"{condition}: {spec}, k = {lag_block(*block)}"
    effect = Effect(*EFFECT, _mean(drops), ends)
    about: dict[str, Any] = {"condition": condition, "decides": False}
    about["details"] = {"contender": spec, "lags": list(block)}
    return Row(where, "not-tested", "no_rule", effect, len(drops), **about)


def _sentence(row: Row, results: Results, condition: str) -> Both:
    first, end = row.details["lags"]
    spec = row.details["contender"]
    values = {"value": signed(row.effect.value), "interval": interval(row.effect.ci95), "n": row.n}
    blocks = len(results.occlusion(condition, spec))
    return both("claims.gates.occlusion", spec=spec, block=lag_block(first, end), blocks=blocks, **values)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
