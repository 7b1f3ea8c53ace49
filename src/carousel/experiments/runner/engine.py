"""What runs a plan's jobs: processes of this machine, or the nodes of a cluster; one contract for both.

An engine finds jobs in the ledger and has them done. Whatever it is, the run folder is the same: tables first, then the
record in the ledger. The local one's workers write there themselves; of a cluster, the command alone does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.pool import Pool

Say = Callable[..., None]  # a line for the user: the key of a text, and its values by name


class Workers(Protocol):
    """Those of one run, at work."""

    def watch(self) -> None:
        """Called a few times a second: replace what was lost, hand out what is pending. Never waits. Raises where no
        job could be done any more."""

    def nodes(self) -> Mapping[str, int]:
        """The machines at work by name, and how many jobs, or groups of them, each does at a time; {} until known."""

    def left_out(self) -> Mapping[str, int]:
        """Machines that get no more jobs, since each lost so many services in a row and finished none."""

    def stop(self) -> None:
        """End them. What they were doing stays marked as running; whoever holds the folder next gives it back."""


class Engine(Protocol):
    """Chosen and found to work before a run begins."""

    @property
    def workers(self) -> int:
        """How many jobs, or groups of them, are done at a time."""

    def start(self, folder: RunFolder, ledger: Ledger, say: Say) -> Workers:
        """Begin to work off the ledger of a folder."""

    def close(self) -> None:
        """Let go of what was held since it was chosen."""


@dataclass(frozen=True)
class LocalEngine:
    """Processes of this machine, one thread each."""

    workers: int

    def start(self, folder: RunFolder, ledger: Ledger, say: Say) -> Pool:
        """They start when they are first watched."""
        return Pool(folder, ledger, self.workers)

    def close(self) -> None:
        """Nothing is held."""
