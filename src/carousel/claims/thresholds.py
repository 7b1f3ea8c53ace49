"""Every margin of every rule, in one place. Fixed before a run, printed in the report, explained in docs/claims.md."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Thresholds:
    """The margins. The catalogue explains each under `claims.thresholds.<name>`."""

    alpha: float = 0.05  # error of one run over all its claims together (Holm)
    decisive_share: float = 0.5  # of the pairs, and of the best pairs, that must be decisive
    slope_margin: float = 0.05  # nats per step
    horizon_ratio: float = 2.0
    spike_share: float = 1e-4
    lyapunov: float = 0.0  # nats per step; a trained network above it is chaotic
    rnn_drop: float = 0.5  # of the solved-rate, shortest to longest
    lstm_drop: float = 0.1
    held_rate: float = 0.5  # solved-rate below which there is nothing to hold, or to fall from
    history_share: float = 0.05  # of the room between baseline and best mean score
    superiority: float = 0.5  # P(LSTM > RNN): the lower limit
    superiority_value: float = 0.75  # and the value
    sources: int = 3  # how many sources a general statement needs
    loss_window: float = 0.05  # share of the steps in the running mean of the training loss
    advice_tie: float = 0.01  # scores closer than this share of the room are tied; the cheaper one is advised

    def as_dict(self) -> dict[str, float | int]:
        """All margins by name."""
        return asdict(self)


THRESHOLDS = Thresholds()
