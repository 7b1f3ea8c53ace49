"""What became of one input."""

from __future__ import annotations

from dataclasses import dataclass

#: The variable that names the folder in which the runs of `bases` are kept for the next process.
KEPT = "CAROUSEL_FUZZ_BASES"


HANGS = 10.0  # seconds of processor time: those of the clock say how busy the machine is
WAITS = 120.0  # seconds of the clock, for what does not end and takes no processor time
MOST_MEMORY = 2 * 10**9  # bytes


@dataclass(frozen=True)
class Outcome:
    """word: accepted or refused; traceback, abort or hang are findings. seconds: of processor time. peak: bytes of
    resident memory, the greatest while it was read. Both of this process and of the one that reads native formats."""

    kind: str
    seed: int
    number: int
    word: str
    line: str
    seconds: float
    peak: int = 0

    @property
    def name(self) -> str:
        """What `scripts/fuzz.py --again` takes."""
        return f"{self.kind}/{self.seed}/{self.number}"

    @property
    def sound(self) -> bool:
        """Accepted or refused, within the limits."""
        return self.word in ("accepted", "refused") and self.seconds <= HANGS and self.peak <= MOST_MEMORY
