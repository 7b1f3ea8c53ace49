"""Which finding follows from which: what to mend first, and what goes away with it."""

from __future__ import annotations

from dataclasses import replace

from carousel.introspect.diagnosis.finding import SEVERITIES, Finding

_CONFIDENCES = ("high", "medium", "low")
_FLOW = ("vanishing", "forget-bias")

#: symptom -> what follows from it, if it is there. In the order of the causes: of two that follow from each other the
#: first is the cause, and of two of one severity and confidence the first is mended first.
FOLLOWS: dict[str, tuple[str, ...]] = {
    "non-finite": ("exploding", "train-step", "unstable-learning-rate", "saturated-gates", "dead-units",
    "constant-answer", *_FLOW), "untrained-parameters": ("train-step", "recurrence-unused", "dead-units",
    "unstable-learning-rate"), "lengths-order": ("padded-read", "padding-in-loss", "batch-mixing", "loss-wiring"),
    "batch-mixing": (
        "padded-read", "padding-in-loss", "future-leak", "recurrence-unused", "reverse-read", "unscaled-input",
        "short-truncation", "state-carried-over", "loss-wiring", *_FLOW,
    ),
    "loss-wiring": (
        "answer-out-of-reach", "constant-answer", "unstable-learning-rate", "no-better-than-last", "class-imbalance",
        "padding-in-loss", *_FLOW,
    ),
    "answer-out-of-reach": (
        "constant-answer", "train-step", "recurrence-unused", "unstable-learning-rate", "no-better-than-last",
        "dead-units", *_FLOW, ),
    "nondeterministic": ("unstable-learning-rate", "state-carried-over"),
    "train-step": ("unstable-learning-rate", "state-not-detached"),
    "state-wiring": ("recurrence-unused", "constant-answer", "state-carried-over", *_FLOW),
    "constant-answer": ("train-step", "recurrence-unused", "dead-units", "saturated-gates", "no-better-than-last",
    *_FLOW), "recurrence-unused": ("short-truncation", "dead-units", "padded-read", *_FLOW),
    "state-not-detached": ("state-carried-over", "short-truncation"),
    "future-leak": ("reverse-read", "no-better-than-last"),
    "padded-read": ("padding-in-loss",),
    "reverse-read": ("recurrence-unused",),
    "padding-in-loss": ("class-imbalance",),
    "unscaled-input": ("saturated-gates", "dead-units", "exploding", "unstable-learning-rate", "denormals", *_FLOW),
    "exploding": ("saturated-gates", "dead-units", "unstable-learning-rate", "denormals", *_FLOW),
    "saturated-gates": ("dead-units", "unstable-learning-rate", "denormals", "constant-answer", *_FLOW),
    "dead-units": ("recurrence-unused", "denormals", *_FLOW),
    "short-truncation": _FLOW,
    "state-carried-over": (),
    "unstable-learning-rate": ("denormals",),
    "vanishing": ("denormals",),
    "forget-bias": ("vanishing", "denormals"),
}  # fmt: skip


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """What to mend first comes first: the worst, then the surest, then the cause of more; what follows from another
    finding is put under it. An info is no cause of anything worse."""
    causes = sorted(findings, key=_rank)
    by_id = sorted(range(len(causes)), key=lambda i: _place(causes[i].symptom))
    under: dict[int, list[Finding]] = {}
    gone: set[int] = set()
    for i in by_id:
        if i in gone:
            continue
        free = (j for j in range(len(causes)) if j != i and j not in gone and j not in under)
        mine = [j for j in free if _is_cause(causes[i], causes[j])]
        if mine:
            under[i] = [causes[j] for j in mine]
            gone |= set(mine)
    kept = [replace(causes[i], follows=tuple(under.get(i, ()))) for i in range(len(causes)) if i not in gone]
    return tuple(sorted(kept, key=_worst))


def _worst(finding: Finding) -> int:
    """A cause is as grave as the gravest of what follows from it."""
    return min(SEVERITIES.index(each.severity) for each in (finding, *finding.follows))


def _is_cause(cause: Finding, other: Finding) -> bool:
    if other.symptom not in FOLLOWS.get(cause.symptom, ()):
        return False
    return SEVERITIES.index(cause.severity) <= SEVERITIES.index(other.severity) or cause.severity != "info"


def _rank(finding: Finding) -> tuple[int, int, int]:
    return SEVERITIES.index(finding.severity), _CONFIDENCES.index(finding.confidence), _place(finding.symptom)


def _place(symptom: str) -> int:
    order = list(FOLLOWS)
    return order.index(symptom) if symptom in order else len(order)
