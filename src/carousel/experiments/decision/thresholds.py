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
    spike_burst: float = 8.0  # variance over mean of the number of spikes in a training, at least; they come in bursts
    lyapunov: float = 0.0  # nats per step; a trained network above it is chaotic
    rnn_drop: float = 0.5  # of the solved-rate, shortest to longest
    lstm_drop: float = 0.1
    held_rate: float = 0.5  # solved-rate below which there is nothing to hold, or to fall from
    history_share: float = 0.05  # of the room between baseline and best mean score
    superiority: float = 0.5  # P(LSTM > RNN): the lower limit
    superiority_value: float = 0.75  # and the value
    sources: int = 3  # how many sources a general statement needs
    clamp_drop: float = 0.2  # accuracy
    gate_auroc: float = 0.8
    selectivity_rnn: float = 0.1  # an RNN below it passes everything on
    selectivity_lstm: float = 0.5
    depth_rate: float = 0.1  # solved-rate gained by depth
    depth_bits: float = 0.1  # bits gained by depth, as a share
    depth_band: float = 0.05  # no gain: of the solved-rate, or as a share of the bits
    table_left: float = 0.1  # of the bits in a table of random labels; with less left it cannot tell networks apart
    depth_families: int = 2  # families of tasks that must agree
    attention_gap: float = 0.2  # solved-rate; the mean scores must agree
    attention_rates: int = 7  # learning rates tuned on each side
    loss_window: float = 0.05  # share of the steps in the running mean of the training loss
    advice_tie: float = 0.01  # scores closer than this share of the room are tied; the cheaper one is advised

    def as_dict(self) -> dict[str, float | int]:
        """All margins by name."""
        return asdict(self)


THRESHOLDS = Thresholds()
