"""Values known before anything is measured: CLAIMS, claim 1."""

from __future__ import annotations

KNOWN = {  # largest exponent, nats per step, 64 units, 8 inputs N(0, 1)
    "rnn": (-0.56, -0.53),
    "rnn:orthogonal": (-0.14, -0.14),
    "lstm": (-0.46, -0.44),
    "lstm:forget-bias-1": (-0.16, -0.14),
    "lstm:forget-bias-3": (0.0, 0.0),
    "lstm:keras": (-0.17, -0.17),
    "lstm:chrono-20": (-0.050, -0.050),
    "lstm:chrono-100": (-0.011, -0.011),
    "lstm:chrono-784": (-0.0016, -0.0016),
}


def steps_of(text: str) -> tuple[int, int]:
    """Steps and warm-up of a measurement.

    A network that remembers for T steps is still warming up long after 100: the exponent of chrono-784 goes from
    -.0020 (warm-up 100) over -.0016 (400) to -.0014 (1,500), so it is measured at 400.
    """
    return (1200, 400) if "784" in text else (400, 100)


def last_digit(value: float) -> float:
    """How precisely the value is known."""
    return 0.01 if abs(value) > 0.1 or value == 0 else 0.001 if abs(value) > 0.01 else 0.0001
