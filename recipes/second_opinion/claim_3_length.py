"""Claim 3 on built-in tasks from who solved what: four rates, two falls, the verdict of each row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from combined import check_claim
from contenders import is_solved
from limits import Limits, exact, joined, rate_difference, wilson
from opinion import Opinion
from pairs import Pairs

RNN_FALL, LSTM_FALL, HELD = 0.5, 0.1, 0.5  # docs/claims.md, 3
WAYS = 3  # to be refuted, which share the error
Rate = tuple[int, int]


def check_length(pairs: Pairs, opinion: Opinion) -> None:
    """Every row of the claim."""
    claim, judges = pairs.folder.claim("length"), dict[str, Callable[[float], str]]()
    for row in claim["conditions"]:
        if row["condition"] is None or row.get("rnn") is None:
            opinion.omit("rows of claim 3 that were not measured")
            continue
        source = row["condition"].split("/")[0]
        shortest, longest = pairs.conditions[source][0], pairs.conditions[source][-1]
        groups = [(condition, spec) for spec in row["pair"] for condition in (shortest, longest)]
        rates = [(sum(map(is_solved, g.values())), len(g)) for g in pairs.of("length", *groups)]
        judges[row["where"]] = partial(_verdict, rates)
        _check_row(row, rates, opinion)
        opinion.say("rows", f"length {row['where']}, best", row["best"], tuple(row["pair"]) == pairs.best_pair(longest))
    asked = pairs.sources("length")
    expected = {pair for source in asked if len(pairs.conditions[source]) > 1 for pair in pairs.pairs(source)}
    found = {tuple(row["pair"]) for row in claim["conditions"] if row["pair"]}
    opinion.say("rows", "length, every declared pair", True, found == expected)
    check_claim(pairs, claim, judges, opinion)


def _check_row(row: dict[str, Any], rates: list[Rate], opinion: Opinion) -> None:
    where = f"length {row['where']}"
    for name, ours in zip(("rnn", "lstm"), (rates[:2], rates[2:]), strict=True):
        solved = [tuple(rate) for rate in row[name]["solved"].values()]
        for end, printed, rate in (("shortest", solved[0], ours[0]), ("longest", solved[-1], ours[1])):
            opinion.say("solved rates", f"{where}, {name} {end}, solved", printed[0], rate[0])
            opinion.say("solved rates", f"{where}, {name} {end}, of", printed[1], rate[1])
    falls = [a[0] / a[1] - b[0] / b[1] for a, b in (rates[:2], rates[2:])]
    opinion.say("solved rates", f"{where}, value", row["effect"]["value"], falls[0] - falls[1])
    limits = [rate_difference(a, b, 0.95) for a, b in (rates[:2], rates[2:])]
    for name, printed, end in zip(
        ("low", "high"), row["effect"]["ci95"], joined(falls[0], limits[0], falls[1], limits[1]), strict=True
    ):
        opinion.say("limits of rates", f"{where}, {name}", printed, end)
    opinion.say("solved rates", f"{where}, n", row["n"], min(n for _, n in rates))
    opinion.say("verdicts of rows", where, row["verdict"], _verdict(rates, row["level"]))


def _verdict(rates: list[Rate], level: float) -> str:
    third = 1 - (1 - level) / WAYS
    rnn, lstm, holds = _falls(rates, level, wilson)
    if wilson(*rates[0], level)[1] < HELD:
        return "not-tested"
    if rnn[0] > RNN_FALL and lstm[1] < LSTM_FALL and holds[0] > HELD:
        return "supported"
    rnn, lstm, holds = _falls(rates, third, exact)
    return "refuted" if rnn[1] < RNN_FALL or lstm[0] > LSTM_FALL or holds[1] < HELD else "inconclusive"


def _falls(rates: list[Rate], level: float, limits: Any) -> tuple[Limits, Limits, Limits]:
    rnn, lstm = (rate_difference(a, b, level, limits) for a, b in (rates[:2], rates[2:]))
    return rnn, lstm, limits(*rates[3], level)
