"""Numbers that are printed in several places: tables/comparisons.csv and the report's tables of claims say what
verdicts.json says, to their last digit. The rows themselves are recomputed in claim_*.py."""

from __future__ import annotations

from typing import Any

from contenders import ends
from folder import Folder
from opinion import Opinion

MOMENTS = {"early": ", after 10 % of training", "end": ", end of training"}  # how the report names them
EFFECTS = ("value", "95 % interval", "n", "verdict")


def check_copies(folder: Folder, opinion: Opinion) -> None:
    """Every row of every claim."""
    tables = folder.table("comparisons")
    pages = {heading: rows for heading, rows in folder.pages() if rows and set(EFFECTS) <= set(rows[0])}
    for claim in folder.verdicts["claims"]:
        rows = claim["conditions"]
        of_table = [row for row in tables if row["claim"] == claim["id"]]
        opinion.say("tables/comparisons.csv", f"{claim['id']}, rows", len(of_table), len(rows))
        for printed, row in zip(of_table, rows, strict=False):
            _check(printed, [printed["low"], printed["high"]], row, f"{claim['id']} {row['where']}", opinion)
        heading = next((name for name in pages if name.split(": ")[0].endswith(f". {TITLES[claim['id']]}")), None)
        page = pages.get(heading or "", [])
        opinion.say("the report's claims", f"{claim['id']}, rows", len(page), len(rows))
        for cells, row in zip(page, rows, strict=False):
            where = f"{row['where']}{MOMENTS.get(row.get('moment'), '')}"
            opinion.say("the report's claims", f"{claim['id']} row", cells["where"], where)
            _check_page(cells, row, f"{claim['id']} {where}", opinion)


TITLES = {
    "vanishing": "Vanishing gradient", "exploding": "Exploding gradient", "length": "Sequence length", "gates": "Gates",
    "generalisation": "Generalisation", "stacking": "Stacking", "attention": "Attention",
}  # fmt: skip


def _check(printed: dict[str, Any], limits: list[Any], row: dict[str, Any], where: str, opinion: Opinion) -> None:
    for name, ours in (("value", row["effect"]["value"]), ("n", row["n"]), ("verdict", row["verdict"])):
        opinion.say("tables/comparisons.csv", f"{where}, {name}", printed[name], ours)
    for name, found, ours in zip(("low", "high"), limits, row["effect"]["ci95"], strict=True):
        opinion.say("tables/comparisons.csv", f"{where}, {name}", found, ours)


def _check_page(cells: dict[str, str], row: dict[str, Any], where: str, opinion: Opinion) -> None:
    opinion.say("the report's claims", f"{where}, verdict", cells["verdict"].replace(" ", "-"), row["verdict"])
    opinion.say("the report's claims", f"{where}, n", cells["n"], row["n"])
    if row["effect"]["value"] is not None:
        opinion.say("the report's claims", f"{where}, value", cells["value"], row["effect"]["value"])
        if "[" in cells["95 % interval"]:
            both = zip(("low", "high"), ends(cells["95 % interval"]), row["effect"]["ci95"], strict=True)
            for name, printed, ours in both:
                no_limit = float("-inf" if name == "low" else "inf")
                opinion.say("the report's claims", f"{where}, {name}", printed, no_limit if ours is None else ours)
