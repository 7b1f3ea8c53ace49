"""How many numbers of each kind a run folder must yield: a comparison that skips what it cannot read would agree."""

from __future__ import annotations

from folder import Folder
from opinion import Opinion
from rescore import can

LEAST_IN_ALL = 100


def missing(folder: Folder, networks: int, opinion: Opinion) -> dict[str, tuple[int, int]]:
    """The kinds of which too few were compared: found and least. networks: that were to be run again, at most."""
    counts = opinion.counts()
    least = {kind: n for kind, n in _least(folder, networks).items() if counts[kind] < n}
    short = {kind: (counts[kind], n) for kind, n in least.items()}
    return short | ({} if len(opinion.lines) >= LEAST_IN_ALL else {"all": (len(opinion.lines), LEAST_IN_ALL)})


def _least(folder: Folder, networks: int) -> dict[str, int]:
    known = [trial for trial in folder.trials if trial.task]
    kept = [t for t in known if can(t) and t.asked["phase"] == "reporting"]
    followed = [t for t in kept if t.said.get("lyapunov_end") is not None and t.asked["contender"]["layers"] == 1]
    again = min(len(kept), networks)
    groups = {(trial.condition, trial.spec) for trial in known if trial.asked["phase"] == "reporting"}
    endless = {(trial.condition, trial.spec) for trial in kept if not trial.sequences}
    every = {claim["id"]: claim["conditions"] for claim in folder.verdicts["claims"]}
    rows = {name: [row for row in found if row["n"]] for name, found in every.items()}
    onset = [row for row in rows["exploding"] if row["part"] == "onset"]
    control = [row for row in rows["exploding"] if row["part"] != "onset"]
    wins = [row for row in rows["generalisation"] if row["effect"]["name"].startswith("superiority")]
    return {
        "trial from its curve": 8 * len(folder.trials) + 5 * len(known),
        "trial as in the ledger": 5 * len(folder.trials),
        "ended by its race": sum(bool(trial.asked.get("race")) for trial in known),
        "score from weights": 2 * again,
        "loss from weights": again,
        "size of a network": 2 * again,
        "exponents": 2 * max(0, len(followed) - max(0, len(kept) - networks)),
        "slopes": sum(row["slope"] is not None for row in folder.table("slopes")),
        "onset of chaos": len(folder.table("onset")),
        "contenders": 14 * len(groups),
        "the report's contenders": 14 * len(endless) + 8 * (len(groups) - len(endless)),
        "learning rates": 2 * len(groups),
        "paired differences": 3 * (len(rows["vanishing"]) + len(onset)),
        "limits of differences": 2 * (len(rows["vanishing"]) + len(onset)),
        "horizons": 6 * len(rows["vanishing"]),
        "control": 4 * len(control),
        "limits of spikes": 2 * len(control),
        "solved rates": 10 * len(rows["length"]),
        "limits of rates": 2 * (len(rows["length"]) + len(wins)),
        "wins": 2 * len(wins),
        "tables/comparisons.csv": 5 * sum(map(len, every.values())),
        "the report's claims": 3 * sum(map(len, every.values())),
        "figures: lag profiles": 100 if rows["vanishing"] else 0,
        "figures: gradient norms": 10 * len(endless),
        "figures: rates": 6 * len(endless),
    } | {f"retrained {family}": 20 for family in {t.family for t in kept if not t.sequences} & {"RNN", "LSTM"}}
