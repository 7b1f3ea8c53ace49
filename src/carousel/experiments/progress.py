"""How far a run is: a bar with time left and the current best on a terminal, a quiet line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from carousel.common.terminal import one_line, print_line
from carousel.common.texts import text
from carousel.experiments.best_so_far import BestSoFar
from carousel.experiments.runner.plan import Plan

if TYPE_CHECKING:
    from carousel.experiments.runner.run import Progress  # it brings torch

_QUIET_EVERY_SECONDS = 15.0


class ProgressDisplay:
    """Shows `Progress` as it comes; says at the end how to go on where the run was interrupted. Without a stream it
    shows nothing."""

    def __init__(self, plan: Plan, lang: str, stream: TextIO | None):
        self._lang, self._stream = lang, stream
        self._best = BestSoFar(plan)
        self._last: Progress | None = None
        self._printed = time.monotonic()
        rich = Console(file=stream)
        self._bar = _Bar(rich) if stream is not None and rich.is_terminal else None

    def __enter__(self) -> ProgressDisplay:
        if self._bar:
            self._bar.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.bar.stop()
        if self._last is None:
            return
        counts = {"done": self._last.counts["done"], "expected": self._last.expected}
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self.print([text("cli.interrupted", self._lang, **counts)])
        elif kind is None:
            self.print([text("cli.took", self._lang, duration=duration(self._last.seconds))])

    def print(self, lines: Iterable[str]) -> None:
        """Lines that are already in words."""
        if self._stream is not None:
            for line in lines:
                print_line(line, self._stream)

    def say(self, key: str, **values: object) -> None:
        """A line of the catalogue."""
        self.print([text(key, self._lang, **values)])

    def show(self, progress: Progress) -> None:
        """Take note of how far the run is and show it."""
        if self._last is None and progress.counts["done"]:
            complete = progress.counts["done"] >= progress.expected
            key = "cli.complete" if complete else "cli.continues"
            self.print([text(key, self._lang, done=progress.counts["done"], expected=progress.expected)])
        self._last = progress
        for entry in progress.newly_done:
            self._best.see(entry)
        if self._bar:
            self._bar.show(progress, self._line(progress))
        elif progress.newly_done and time.monotonic() - self._printed > _QUIET_EVERY_SECONDS:
            self._printed = time.monotonic()
            self.print([self._line(progress)])

    def _line(self, progress: Progress) -> str:
        seconds = progress.seconds_left
        left = text("cli.unknown_left", self._lang) if seconds is None else duration(seconds)
        values = {"done": progress.counts["done"], "expected": progress.expected, "left": left}
        if self._best.found is None:
            return text("cli.progress", self._lang, **values)
        return text("cli.progress_best", self._lang, **values, **self._best.values())


class _Bar:
    """A bar on a terminal."""

    def __init__(self, rich: Console):
        columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
        self.bar = Bar(*columns, console=rich, transient=True)
        self._task: TaskID = self.bar.add_task("", total=None)

    def show(self, progress: Progress, line: str) -> None:
        self.bar.update(
            self._task, total=progress.expected, completed=progress.counts["done"], description=one_line(line)
        )


def duration(seconds: float) -> str:
    """45s, 3m20s, 2h05m."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
