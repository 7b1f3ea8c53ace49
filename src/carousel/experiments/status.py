"""How a comparison stands that another command runs, or ran: read from its folder, which stays as it is."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from carousel.experiments.best_so_far import BestSoFar
from carousel.experiments.progress_file import Sign, last_sign
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger

QUIET_SECONDS = 60.0  # a command gives a sign every two; judging a large run between seeds may take a while
_PROCESSES = Path("/proc")
State = Literal["unknown", "running", "quiet", "stopped", "failed", "done"]


@dataclass(frozen=True)
class Status:
    """state: "unknown", where its command has left no sign yet; "running"; "quiet", without one for a minute; "stopped"
    by its user or killed; "failed"; or "done". counts: jobs by state. expected: how many there will be. seconds_left:
    None where unknown, and where nobody is at it. best: of the finished trainings under the hardest condition. nodes:
    jobs at a time by machine. left_out: the machines that its command gave no more work, and how many services of Ray
    each had lost in a row. last_finished: when the last job was, and sign: what the command last wrote; or None."""

    state: State
    counts: dict[str, int]
    expected: int
    seconds_left: float | None
    best: dict[str, str] | None
    nodes: dict[str, int]
    left_out: dict[str, int]
    last_finished: float | None
    sign: Sign | None


def status_of(path: Path) -> Status:
    """Raises FolderConflict where the folder holds no run, or cannot be read."""
    folder = RunFolder(path)
    plan, sign = folder.load_plan(), last_sign(folder)
    ledger = Ledger(folder.ledger, read_only=True)
    try:
        counts, last, best = ledger.counts(), ledger.last_finished(), BestSoFar(plan)
        for entry in ledger.entries("done"):
            best.see(entry)
    finally:
        ledger.close()
    state = _state(sign, time.time())
    at_it = state in ("running", "quiet")
    return Status(
        state=state, counts=counts, expected=max(sum(counts.values()), sign.expected if sign else 0),
        seconds_left=sign.seconds_left if sign and at_it else None,
        best=best.values() if best.found else None,
        nodes=sign.nodes if sign and at_it else {},
        left_out={node: found.services for node, found in sign.left_out.items()} if sign else {},
        last_finished=last, sign=sign,
    )  # fmt: skip


def _state(sign: Sign | None, now: float) -> State:
    """Of a command that is gone nobody has written how it ended."""
    if sign is None:
        return "unknown"
    if sign.ended is not None:
        return sign.ended
    if _is_gone(sign):
        return "stopped"
    return "running" if now - sign.at < QUIET_SECONDS else "quiet"


def _is_gone(sign: Sign) -> bool:
    """Its process has ended: known of one on this machine alone."""
    return sign.host == platform.node() and _PROCESSES.is_dir() and not (_PROCESSES / str(sign.process)).exists()
