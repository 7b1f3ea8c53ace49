"""Claim 2: the onset of chaos from exponents by scale, control from trained networks (spikes.py), both together."""

from __future__ import annotations

import math
from statistics import fmean
from typing import Any

from combined import DECISIVE
from limits import of_mean, sign_flip
from opinion import Opinion
from pairs import Pairs, inside
from profiles import onsets
from spikes import check_contrast, check_control

EXACT_UP_TO = 13  # pairs of a sign-flip test over all patterns
Scales = dict[str, dict[int, tuple[float | None, float]]]


def check_exploding(pairs: Pairs, opinion: Opinion) -> None:
    """Every row, and the two parts together."""
    scales, found = onsets(pairs.folder), dict[str, list[str | None]]()
    checks = {
        "onset": lambda row: _check_onset(scales, row, opinion),
        "control": lambda row: check_control(pairs, row, opinion),
        "contrast": lambda row: check_contrast(pairs, row, opinion),
    }
    claim = pairs.folder.claim("exploding")
    for row in claim["conditions"]:
        if row["n"]:
            found.setdefault(row["part"], []).append(checks[row["part"]](row))
    parts = [answer_of(found["onset"]), control_of(found)] if len(found) == len(checks) else [None]
    if None in parts:
        opinion.omit("verdicts of claims that were tested in part, or that the bootstrap's chance decides")
    else:
        opinion.say("verdicts of claims", "exploding", claim["verdict"], joined_answer(parts))


def answer_of(verdicts: list[str | None]) -> str | None:
    """Of rows without a tuned-best pair: conditional where both answers occur, else the one that half of all give; None
    where one is not known."""
    decisive = [verdict for verdict in verdicts if verdict in DECISIVE]
    if None in verdicts:
        return None
    if len(set(decisive)) > 1:
        return "conditional"
    return decisive[0] if decisive and 2 * len(decisive) >= len(verdicts) else "inconclusive"


def control_of(found: dict[str, list[str | None]]) -> str | None:
    """Refuted by either half; else what both say."""
    halves = [answer_of(found["control"]), answer_of(found["contrast"])]
    if "refuted" in halves:
        return "refuted"
    return None if None in halves else joined_answer(halves)


def joined_answer(parts: list[str | None]) -> str | None:
    """What all parts say; conditional where all are decisive, or conditional, and differ."""
    if len(set(parts)) == 1:
        return parts[0]
    return "conditional" if set(parts) <= {*DECISIVE, "conditional"} else "inconclusive"


def _check_onset(scales: Scales, row: dict[str, Any], opinion: Opinion) -> str | None:
    """Paired by seed; a network that stays calm counts with the largest scale, and a seed on which both do is left
    out."""
    where, (lstm, rnn) = f"exploding {row['where']}", (scales[cell] for cell in row["where"].split(" vs "))
    both = sorted(set(lstm) & set(rnn))
    seeds = [seed for seed in both if lstm[seed][0] is not None or rnn[seed][0] is not None]
    ends = [[last if at is None else at for at, last in (lstm[seed], rnn[seed])] for seed in seeds]
    differences = [first - second for first, second in ends]
    opinion.say("paired differences", f"{where}, value", row["effect"]["value"], fmean(differences))
    opinion.say("paired differences", f"{where}, n", row["n"], len(differences))
    opinion.say("paired differences", f"{where}, both calm", row["both_calm"], len(both) - len(seeds))
    for name, printed, ours in zip(("low", "high"), row["effect"]["ci95"], of_mean(differences, 0.95), strict=True):
        opinion.say("limits of differences", f"{where}, {name}", printed, ours)
    if len(differences) <= EXACT_UP_TO:
        opinion.say("sign-flip tests", where, row["p_sign_flip"], sign_flip(differences))
    limits = of_mean(differences, row["level"])
    above, below = inside(limits, 0, math.inf), inside(limits, -math.inf, 0)
    if not (above or below) and None in (above, below):
        opinion.omit("verdicts of rows that the bootstrap's chance decides")
        return None
    verdict = "supported" if above else "refuted" if below else "inconclusive"
    opinion.say("verdicts of rows", where, row["verdict"], verdict)
    return verdict
