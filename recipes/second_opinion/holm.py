"""How the claims of a run share one error: Holm's procedure through the levels at which rows were judged."""

from __future__ import annotations

import math
from typing import Any

from opinion import Opinion
from pairs import Pairs

ERROR = 0.05


def check_levels(pairs: Pairs, opinion: Opinion) -> None:
    """All m tested claims at 1/m of the error; those with an answer are settled, the rest is judged again."""
    verdicts = pairs.folder.verdicts
    if max(taken["of"] for taken in verdicts["interim_analyses"].values()) > 1:
        opinion.omit("levels of claims over several interim analyses", len(verdicts["claims"]))
        return
    left = {c["id"]: c for c in verdicts["claims"] if c["verdict"] != "not-tested"}
    while left:
        share = ERROR / len(left)
        settled = [n for n, c in left.items() if c["verdict"] != "inconclusive" and math.isclose(widest(c), share)]
        for name in settled or left:
            opinion.say("levels of claims", name, widest(left[name]), share)
        left = {name: claim for name, claim in left.items() if settled and name not in settled}


def widest(claim: dict[str, Any]) -> float:
    """The error of the claim as a whole: that of a row which shares it with no other."""
    return 1 - min(row["level"] for row in claim["conditions"] if row.get("level") is not None)
