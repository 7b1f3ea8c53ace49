"""Claim 1 from the lag profiles: slopes' differences, horizons' ratio, the verdict of each row."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import fmean, median
from typing import Any

from combined import check_claim
from limits import of_mean, sign_flip
from opinion import Opinion
from pairs import Pairs, inside
from profiles import Profile, Profiles

MARGIN, RATIO = 0.05, 2.0  # docs/claims.md, 1
EXACT_UP_TO = 13  # pairs of a sign-flip test over all patterns


def check_vanishing(pairs: Pairs, profiles: Profiles, opinion: Opinion) -> None:
    """Every row of the claim."""
    claim, judges = pairs.folder.claim("vanishing"), dict[str, Callable[[float], str | None]]()
    for row in claim["conditions"]:
        if row["verdict"] != "not-tested":
            judge = _check_row(row, pairs, profiles, opinion)
            if row["decides"]:
                judges[row["where"]] = judge
    expected = {
        (condition, pair, "initialisation", pair == pairs.best_pair(condition))
        for source in pairs.folder.plan.get("initial_flow", ())
        for condition in pairs.conditions.get(source, ())
        for pair in pairs.pairs(source)
    }
    found = {(r["condition"], tuple(r["pair"]), r["moment"], r["best"]) for r in claim["conditions"] if r["decides"]}
    opinion.say("rows", "vanishing, every declared pair and its best", True, found == expected)
    check_claim(pairs, claim, judges, opinion)


def _check_row(
    row: dict[str, Any], pairs: Pairs, profiles: Profiles, opinion: Opinion
) -> Callable[[float], str | None]:
    where = f"vanishing {row['where']} ({row['moment']})"
    rnn, lstm = (profiles.by_group[row["condition"], spec, row["moment"]] for spec in row["pair"])
    if row["moment"] == "initialisation":
        seeds = sorted(set(rnn) & set(lstm))
    else:
        seeds = sorted(pairs.of("vanishing", *((row["condition"], spec) for spec in row["pair"]))[0])
    with_slope = [s for s in seeds if rnn[s].slope is not None and lstm[s].slope is not None]
    differences = [lstm[s].slope - rnn[s].slope for s in with_slope]  # type: ignore[operator]
    opinion.say("paired differences", f"{where}, value", row["effect"]["value"], fmean(differences))
    for name, printed, ours in zip(("low", "high"), row["effect"]["ci95"], of_mean(differences, 0.95), strict=True):
        opinion.say("limits of differences", f"{where}, {name}", printed, ours)
    opinion.say("paired differences", f"{where}, n", row["n"], len(differences))
    opinion.say("paired differences", f"{where}, without slope", row["without_slope"], len(seeds) - len(with_slope))
    if len(differences) <= EXACT_UP_TO:
        opinion.say("sign-flip tests", where, row["p_sign_flip"], sign_flip(differences))
    ratio, known = _horizons(row, [rnn[s] for s in with_slope], [lstm[s] for s in with_slope], where, opinion)

    def judge(level: float) -> str | None:
        return _verdict(of_mean(differences, level), ratio, known)

    ours = judge(row["level"])
    if ours is None:
        opinion.omit("verdicts of rows that the bootstrap's chance decides")
    else:
        opinion.say("verdicts of rows", where, row["verdict"], ours)
    return judge


def _horizons(
    row: dict[str, Any], rnn: list[Profile], lstm: list[Profile], where: str, opinion: Opinion
) -> tuple[float, str]:
    """The ratio of the median horizons, and whether it is known (=), a lower bound, an upper bound, or not known."""
    (short, cut_short), (long, cut_long) = _median(rnn), _median(lstm)
    for name, ours in (("rnn", short), ("lstm", long), ("rnn_censored", cut_short), ("lstm_censored", cut_long)):
        opinion.say("horizons", f"{where}, {name}", row["horizons"][name], ours)
    known = {(False, False): "=", (False, True): ">=", (True, False): "<=", (True, True): "?"}[cut_short, cut_long]
    ratio = long / short if short else math.inf
    opinion.say("horizons", f"{where}, ratio", row["ratio"], ratio)
    opinion.say("horizons", f"{where}, ratio is", row["ratio_is"], known)
    return ratio, known


def _median(networks: list[Profile]) -> tuple[float, bool]:
    """Censored where a network in the middle is; of an even number, either of the two."""
    order = sorted(networks, key=lambda p: (p.horizon, p.censored))
    middle = order[(len(order) - 1) // 2 : len(order) // 2 + 1]
    return median(p.horizon for p in order), any(p.censored for p in middle)


def _verdict(ends: Any, ratio: float, known: str) -> str | None:
    beyond, below, equal = inside(ends, MARGIN, math.inf), inside(ends, -math.inf, 0), inside(ends, -MARGIN, MARGIN)
    if beyond:
        return "supported" if ratio > RATIO and known in ("=", ">=") else "inconclusive"
    if below or equal:
        return "refuted"
    return None if None in (beyond, below, equal) else "inconclusive"
