"""How many sequences of a batch the upper bounds can be computed for while one waits."""

from __future__ import annotations

from carousel.nn.kernels import Tape

WORK = 2e9  # of a decomposition's S^3, times lags and sequences: some seconds on one core


def affordable(tape: Tape, lags: int) -> range:
    """The first sequences of the batch whose bounds take seconds: none where a single one takes longer."""
    states = sum(tape[name].shape[-1] for name in tape.cell.state_names)
    return range(min(tape["h"].shape[1], int(WORK // (states**3 * lags))))
