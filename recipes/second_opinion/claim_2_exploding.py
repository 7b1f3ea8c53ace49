"""Claim 2 from exponents by scale and from the trained LSTMs' gradient norms."""

from __future__ import annotations

import math
from statistics import fmean

from limits import of_mean, sign_flip
from opinion import Opinion
from pairs import Pairs, inside
from profiles import onsets

EXACT_UP_TO = 13


def check_exploding(pairs: Pairs, opinion: Opinion) -> None:
    """The rows of the part `onset`."""
    scales = onsets(pairs.folder)
    for row in pairs.folder.claim("exploding")["conditions"]:
        if row.get("part") != "onset" or row["verdict"] == "not-tested":
            continue
        where, (lstm, rnn) = f"exploding {row['where']}", (scales[cell] for cell in row["where"].split(" vs "))
        both = sorted(set(lstm) & set(rnn))
        seeds = [seed for seed in both if lstm[seed][0] is not None or rnn[seed][0] is not None]
        ends = {seed: [at if at is not None else last for at, last in (lstm[seed], rnn[seed])] for seed in seeds}
        differences = [first - second for first, second in ends.values()]
        opinion.say("paired differences", f"{where}, value", row["effect"]["value"], fmean(differences))
        opinion.say("paired differences", f"{where}, n", row["n"], len(differences))
        opinion.say("paired differences", f"{where}, both calm", row["both_calm"], len(both) - len(seeds))
        for name, printed, ours in zip(("low", "high"), row["effect"]["ci95"], of_mean(differences, 0.95), strict=True):
            opinion.say("limits of differences", f"{where}, {name}", printed, ours)
        if len(differences) <= EXACT_UP_TO:
            opinion.say("sign-flip tests", where, row["p_sign_flip"], sign_flip(differences))
        limits = of_mean(differences, row["level"])
        above, below = inside(limits, 0, math.inf), inside(limits, -math.inf, 0)
        if None in (above, below):
            opinion.omit("verdicts of rows that the bootstrap's chance decides")
        else:
            opinion.say(
                "verdicts of rows",
                where,
                row["verdict"],
                "supported" if above else "refuted" if below else "inconclusive",
            )
