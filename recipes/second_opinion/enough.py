"""How many numbers of each kind a run folder must yield: a comparison that skips what it cannot read would agree."""

from __future__ import annotations

from folder import Folder
from opinion import Opinion
from rescore import can

LEAST_IN_ALL = 100


def missing(folder: Folder, opinion: Opinion) -> dict[str, tuple[int, int]]:
    """The kinds of which too few were compared: found and least."""
    counts = opinion.counts()
    least = {kind: n for kind, n in _least(folder).items() if counts[kind] < n}
    short = {kind: (counts[kind], n) for kind, n in least.items()}
    return short | ({} if len(opinion.lines) >= LEAST_IN_ALL else {"all": (len(opinion.lines), LEAST_IN_ALL)})


def _least(folder: Folder) -> dict[str, int]:
    known = [trial for trial in folder.trials if trial.task]
    kept = [t for t in known if can(t) and t.asked["phase"] == "reporting"]
    groups = {(trial.condition, trial.spec) for trial in known if trial.asked["phase"] == "reporting"}
    rows = {claim["id"]: [r for r in claim["conditions"] if r["n"]] for claim in folder.verdicts["claims"]}
    onset_rows = [row for row in rows["exploding"] if row.get("part") == "onset"]
    return {
        "trial from its curve": 8 * len(folder.trials) + 5 * len(known),
        "trial as in the ledger": 5 * len(folder.trials),
        "score from weights": 2 * len(kept),
        "loss from weights": len(kept),
        "size of a network": 2 * len(kept),
        "slopes": sum(row["slope"] is not None for row in folder.table("slopes")),
        "onset of chaos": len(folder.table("onset")),
        "contenders": 14 * len(groups),
        "the report's contenders": 12 * len(groups),
        "learning rates": 2 * len(groups),
        "paired differences": 3 * (len(rows["vanishing"]) + len(onset_rows)),
        "limits of differences": 2 * (len(rows["vanishing"]) + len(onset_rows)),
        "horizons": 6 * len(rows["vanishing"]),
        "solved rates": 10 * len(rows["length"]),
        "limits of rates": 2 * len(rows["length"]),
    } | {f"retrained {family}": 20 for family in {trial.family for trial in kept} & {"RNN", "LSTM"}}
