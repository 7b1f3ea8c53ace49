"""A second opinion on a run folder, by a program that shares no code with the one that made it.

    python recipes/second_opinion RUN            what differs, and how many numbers agree
    python recipes/second_opinion RUN --every    every number
    python recipes/second_opinion RUN --networks 5000   more of the stored networks run again than 200

It imports nothing of carousel. From raw files (curves, gradients by lag, weights, the ledger) it computes what tables/,
verdicts.json and report.md print, and trains two networks again. Exit status: 0 where all agree, 1 where a number
differs or too few could be compared, 2 where the folder cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from advice import check_advice
from claim_1_vanishing import check_vanishing
from claim_2_exploding import check_exploding
from claim_3_length import check_length
from claim_4_gates import check_gates
from claim_5_generalisation import check_generalisation
from contenders import check_contenders
from copies import check_copies
from curves import check_curves
from enough import missing
from exponents import check_exponents
from figures import check_figures
from folder import Folder
from holm import check_levels
from opinion import Opinion
from pairs import Pairs
from profiles import Profiles, check_onsets, check_profiles
from races import check_races
from rescore import check_scores, some
from retrain import retrain

SCHEMA = 3


def opinion_on(folder: Folder, networks: int) -> Opinion:
    """All that is recomputed of a run folder. networks: how many stored ones are run again, at most."""
    opinion, pairs, profiles = Opinion(), Pairs(folder), Profiles(folder)
    chosen = some(folder, networks, opinion)
    check_curves(folder, opinion)
    check_races(folder, opinion)
    check_scores(folder, chosen, opinion)
    check_exponents(folder, chosen, opinion)
    check_profiles(folder, profiles, opinion)
    check_onsets(folder, opinion)
    check_contenders(folder, opinion)
    check_vanishing(pairs, profiles, opinion)
    check_exploding(pairs, opinion)
    check_length(pairs, opinion)
    check_gates(pairs, opinion)
    check_generalisation(pairs, opinion)
    check_levels(pairs, opinion)
    check_advice(pairs, opinion)
    check_copies(folder, opinion)
    check_figures(pairs, opinion)
    retrain(folder, opinion)
    return opinion


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Recompute a run's printed numbers without carousel.")
    parser.add_argument("run", type=Path, help="a finished run folder of carousel compare")
    parser.add_argument("--networks", type=int, default=200, help="stored networks to run again, at most")
    parser.add_argument("--every", action="store_true", help="print every number, not only those that differ")
    asked = parser.parse_args()
    if not (asked.run / "verdicts.json").is_file():
        print(f"second opinion: {asked.run} is no finished run folder: it has no verdicts.json", file=sys.stderr)
        return 2
    if (schema := Folder(asked.run).plan["schema_version"]) != SCHEMA:
        print(f"second opinion: {asked.run} has schema number {schema}; this program reads {SCHEMA}", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    folder = Folder(asked.run)
    opinion = opinion_on(folder, asked.networks)
    print(*opinion.table(every=asked.every), sep="\n")
    for kind, count in sorted(opinion.counts().items()):
        print(f"{count:>6} {kind}")
    for why, count in sorted(opinion.left_out.items()):
        print(f"{count:>6} not recomputed: {why}")
    lacking, wrong = missing(folder, asked.networks, opinion), opinion.wrong()
    for kind, (found, least) in lacking.items():
        print(f"too few: {kind}: {found}, not {least} or more")
    print(f"{len(opinion.lines)} numbers compared, {len(wrong)} differ")
    return 1 if wrong or lacking else 0


if __name__ == "__main__":
    sys.exit(main())
