"""How far a run is: a bar with time left and the current best on a terminal, a quiet line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from carousel.cli.console import Console, duration
from carousel.common.texts import text
from carousel.experiments.runner.ledger import Entry
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.run import Progress as Stand
from carousel.experiments.training.description import condition_key

_QUIET_EVERY_SECONDS = 15.0


class Watch:
    """Shows `Stand`s as they come; says at the end how to go on where the run was interrupted."""

    def __init__(self, console: Console, plan: Plan):
        self._console, self._plan = console, plan
        self._best = _Best(plan)
        self._last: Stand | None = None
        self._printed = time.monotonic()
        rich = RichConsole(file=console.stream)
        self._bar = _Bar(rich) if rich.is_terminal else None

    def __enter__(self) -> Watch:
        if self._bar:
            self._bar.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.progress.stop()
        if self._last is None:
            return
        counts = {"done": self._last.counts["done"], "expected": self._last.expected}
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self._console.say("cli.interrupted", **counts)
        elif kind is None:
            self._console.say("cli.took", duration=duration(self._last.seconds))

    def see(self, stand: Stand) -> None:
        """Take note of where the run stands and show it."""
        if self._last is None and stand.counts["done"]:
            complete = stand.counts["done"] >= stand.expected
            key = "cli.complete" if complete else "cli.continues"
            self._console.say(key, done=stand.counts["done"], expected=stand.expected)
        self._last = stand
        for entry in stand.newly_done:
            self._best.see(entry)
        if self._bar:
            self._bar.show(stand, self._line(stand))
        elif stand.newly_done and time.monotonic() - self._printed > _QUIET_EVERY_SECONDS:
            self._printed = time.monotonic()
            self._console.lines([self._line(stand)])

    def _line(self, stand: Stand) -> str:
        lang = self._console.lang
        left = duration(stand.seconds_left) if stand.seconds_left is not None else text("cli.unknown_left", lang)
        values = {"done": stand.counts["done"], "expected": stand.expected, "left": left}
        if self._best.found is None:
            return text("cli.progress", lang, **values)
        return text("cli.progress_best", lang, **values, **self._best.values())


class _Best:
    """The best validation score so far under the hardest condition, tuning or reporting."""

    def __init__(self, plan: Plan):
        self._condition = plan.hardest().key
        self.found: tuple[float, str] | None = None

    def see(self, entry: Entry) -> None:
        if entry.kind != "trial" or entry.record is None:
            return
        about, score = entry.description, entry.record["trial"]["validation_score"]
        if condition_key(about["source"]["name"], about["length"]) == self._condition and score is not None:
            self.found = max(self.found or (score, about["contender"]["spec"]), (score, about["contender"]["spec"]))

    def values(self) -> dict[str, str]:
        """Condition, contender and score, for the text."""
        assert self.found is not None  # asked for only then
        score, contender = self.found
        return {"condition": self._condition, "contender": contender, "score": f"{score:.3f}"}


class _Bar:
    """A bar on a terminal."""

    def __init__(self, rich: RichConsole):
        columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("{task.description}"))
        self.progress = Progress(*columns, console=rich, transient=True)
        self._task: TaskID = self.progress.add_task("", total=None)

    def show(self, stand: Stand, line: str) -> None:
        self.progress.update(self._task, total=stand.expected, completed=stand.counts["done"], description=line)
