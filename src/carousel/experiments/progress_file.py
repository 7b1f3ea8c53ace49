"""What the command that runs a comparison leaves in its folder about itself, every few seconds: `progress.json`.

The ledger tells what is done. This tells what the ledger cannot: whether somebody is at it, on what machines, how long
it will take. It is written whole or not at all, so it can be read at any time, over a shared disk too.
"""

from __future__ import annotations

import os
import platform
import time
from contextlib import nullcontext, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from carousel.common.damage import in_words
from carousel.common.errors import FolderConflict
from carousel.common.texts import text
from carousel.experiments.runner.folder import RESTORE, RunFolder

if TYPE_CHECKING:
    from carousel.experiments.runner.run import Progress  # it brings torch

BEAT_SECONDS = 2.0


class LeftOut(BaseModel):
    """A machine that gets no more work. services: of Ray, that it had lost in a row. said: why, and what to do."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    services: int
    said: str


class Sign(BaseModel):
    """at: when it was written, in seconds of Unix. host, process: the command. seconds: how long it has been at it.
    expected: jobs there will be. seconds_left: None where unknown. nodes: jobs at a time of each machine. left_out:
    machines that get none any more. ended: how the command ended, None while it runs: "done", "stopped" by its user, or
    "failed"."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    at: float
    host: str
    process: int
    seconds: float
    expected: int
    seconds_left: float | None
    nodes: dict[str, int]
    left_out: dict[str, LeftOut] = {}
    ended: Literal["done", "stopped", "failed"] | None = None


class ProgressFile:
    """Writes it while the block runs, and how it ended."""

    def __init__(self, folder: RunFolder):
        self._folder = folder
        self._sign: Sign | None = None
        self._beat = 0.0

    def __enter__(self) -> ProgressFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sign is not None:
            ended = "done" if kind is None else "stopped" if issubclass(kind, KeyboardInterrupt) else "failed"
            with suppress(FolderConflict) if error else nullcontext():  # a full disk is told once, by what met it first
                self._write(self._sign.model_copy(update={"at": time.time(), "ended": ended}))

    def show(self, progress: Progress) -> None:
        """Take note of how far the run is, and write it if the last time is some seconds ago."""
        self._sign = Sign(
            at=time.time(), host=platform.node(), process=os.getpid(), seconds=progress.seconds,
            expected=progress.expected, seconds_left=progress.seconds_left, nodes=dict(progress.nodes),
            left_out={node: _left_out(node, services) for node, services in progress.left_out.items()},
        )  # fmt: skip
        if time.monotonic() - self._beat > BEAT_SECONDS:
            self._beat = time.monotonic()
            self._write(self._sign)

    def _write(self, sign: Sign) -> None:
        self._folder.write_json(self._folder.progress, sign.model_dump(mode="json"))


def _left_out(node: str, services: int) -> LeftOut:
    return LeftOut(services=services, said=text("cluster.status.left_out", "en", node=node, services=services))


def last_sign(folder: RunFolder) -> Sign | None:
    """What is in the folder; None where no command has written it. Raises FolderConflict where it is damaged."""
    found = folder.load_json(folder.progress)
    try:
        return None if found is None else Sign.model_validate(found)
    except ValidationError as error:
        raise FolderConflict(f"cannot read {str(folder.progress)!r}", got=in_words(error), fix=RESTORE) from error
