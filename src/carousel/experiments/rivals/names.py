"""The rivals by name, and the kinds of file that each is for; the simplest first."""

from __future__ import annotations

from collections.abc import Sequence

from carousel.common.errors import BadPlan, UnknownName
from carousel.experiments.data.prepare.prepared import Kind

ALL, NONE = "all", "none"
_SEQUENCES: frozenset[Kind] = frozenset({"classification", "regression"})
_FORECAST: frozenset[Kind] = frozenset({"forecast"})
_ROLLS: frozenset[Kind] = frozenset({"piano-roll"})

RIVALS: dict[str, frozenset[Kind]] = {
    "most-frequent": frozenset({"classification", "piano-roll"}),
    "mean": frozenset({"regression"}),
    "persistence": _FORECAST | _ROLLS,
    "seasonal-naive": _FORECAST,
    "exponential-smoothing": _FORECAST,
    "linear": _SEQUENCES | _FORECAST,
    "boosting": _SEQUENCES | _FORECAST,
    "random-convolutions": _SEQUENCES,
}


def rivals_for(kind: Kind, asked: Sequence[str] | None) -> tuple[str, ...]:
    """Those of a kind of file, in the order of RIVALS. asked: "all" (None too), "none", or names.

    Raises UnknownName, and BadPlan for a rival of another kind of file, or for a word beside names."""
    fitting = tuple(name for name, kinds in RIVALS.items() if kind in kinds)
    if asked is None or tuple(asked) == (ALL,):
        return fitting
    if tuple(asked) == (NONE,):
        return ()
    for name in asked:
        if name in (ALL, NONE):
            raise BadPlan(f"--rivals {name} stands alone", got=",".join(asked), fix=f"--rivals {name}, or names alone")
        if name not in RIVALS:
            raise UnknownName("rival", name, [ALL, NONE, *RIVALS])
        if name not in fitting:
            raise BadPlan(f"the rival {name!r} is not for a file of this kind ({kind})", allowed=", ".join(fitting))
    return tuple(name for name in fitting if name in asked)
