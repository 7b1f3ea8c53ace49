"""The margins that several claims, or the judgement as a whole, go by. A claim's own are in its folder (`margins.py`).

Fixed before a run, printed in the report, explained in docs/claims.md. `experiments.claims.thresholds()` has all.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Margins:
    """Some margins by name. The catalogue explains each under `claims.thresholds.<name>`."""

    def as_dict(self) -> dict[str, float | int]:
        """The margins by name."""
        return asdict(self)


@dataclass(frozen=True)
class Thresholds(Margins):
    """The shared ones."""

    alpha: float = 0.05  # error of one run over all its claims together (Holm)
    decisive_share: float = 0.5  # of the pairs, and of the best pairs, that must be decisive
    history_share: float = 0.05  # of the room between baseline and best mean score
    superiority: float = 0.75  # P(LSTM > RNN) from which on the LSTM counts as better
    advice_tie: float = 0.01  # scores closer than this share of the room are tied; the cheaper one is advised


THRESHOLDS = Thresholds()
