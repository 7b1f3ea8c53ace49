"""From the rows of a claim to its verdict and its headline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opinion import Opinion
from pairs import Pairs

DECISIVE = ("supported", "refuted")
Judge = Callable[[float], str | None]  # of a row: from a level to its verdict; None where chance decides it


def check_claim(pairs: Pairs, claim: dict[str, Any], judges: Mapping[str, Judge], opinion: Opinion) -> None:
    """The verdict from the rows that decide; the headline from the best pair's row under the longest condition of the
    first source that has one. judges: of each row that decides and was tested."""
    rows = [row for row in claim["conditions"] if row["decides"]]
    tested = [row for row in rows if row["verdict"] != "not-tested"]
    firm = firm_rows(tested, judges)
    for row in tested:
        if row["where"] in firm and firm[row["where"]] is not None:
            opinion.say("rows", f"{claim['id']} {row['where']}, firm", row["firm"], firm[row["where"]])
    verdict = verdict_of(tested, firm)
    if verdict is None:
        opinion.omit("verdicts of claims that the bootstrap's chance decides")
    else:
        opinion.say("verdicts of claims", claim["id"], claim["verdict"], verdict)
    for source in pairs.conditions.values():
        best = [row for row in rows if row["best"] and row["condition"] == source[-1]]
        if best:
            for k, name in enumerate(("value", "low", "high")):
                printed, row = ([e["effect"]["value"], *e["effect"]["ci95"]][k] for e in (claim, best[0]))
                opinion.say("headlines", f"{claim['id']}, {name}", printed, row)
            return


def firm_rows(tested: list[dict[str, Any]], judges: Mapping[str, Judge]) -> dict[str, bool | None]:
    """Where both answers occur: of each row with one, whether it holds at 1/m of the error, m rows tested; None where
    chance decides."""
    decisive = [row for row in tested if row["verdict"] in DECISIVE]
    if len({row["verdict"] for row in decisive}) < 2:
        return {}
    again = {row["where"]: judges[row["where"]](1 - (1 - row["level"]) / len(tested)) for row in decisive}
    return {
        row["where"]: None if (found := again[row["where"]]) is None else found == row["verdict"] for row in decisive
    }


def verdict_of(tested: list[dict[str, Any]], firm: dict[str, bool | None]) -> str | None:
    """docs/claims.md, from pairs to the claim; None where chance decides it."""
    if not tested:
        return "not-tested"
    decisive = [row["verdict"] for row in tested if row["verdict"] in DECISIVE]
    if len(set(decisive)) == 2:
        surely, perhaps = (
            {r["verdict"] for r in tested if firm.get(r["where"], False) in ok} for ok in ((True,), (True, None))
        )
        return "conditional" if len(surely) == 2 else "inconclusive" if len(perhaps) < 2 else None
    best = [row["verdict"] in DECISIVE for row in tested if row["best"]]
    enough = 2 * len(decisive) >= len(tested) and 2 * sum(best) >= len(best)
    return decisive[0] if decisive and enough else "inconclusive"
