"""The walk of a user's file from `carousel compare FILE` to the report, drawn and counted: python scripts/walk.py

The command is run in this one process, on a small file with a small budget; its jobs are done here in place of worker
processes. Drawn is which folder calls which, in the order of the first call: a line is a *stop*, its indentation says
from where it was called. What a stop calls several times is drawn once. Functions that were called before, `common/`
and the loading of modules are left out.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import carousel
from carousel.cli import app
from carousel.experiments.runner import budgets, jobs, run, task_loader
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.grouping import most_together
from carousel.experiments.runner.ledger import Ledger

PACKAGE = f"{Path(carousel.__file__).parent}/"
OPTIONS = ["--target", "label", "--group", "id", "--order", "t", "--contenders", "rnn,lstm:chrono", "--workers", "1"]
Stop = dict[str, Any]  # the rooms called from here, each with its own


class Walk:
    """For each function of the package, when it is first called: the files on the way to it from the command."""

    def __init__(self) -> None:
        self.ways: list[list[Path]] = []
        self._seen: set[CodeType] = set()

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or code in self._seen:
            return
        self._seen.add(code)
        if code.co_filename.startswith(PACKAGE) and code.co_name != "<module>":
            self.ways.append(_way(frame))


def _way(frame: FrameType | None) -> list[Path]:
    """Empty while a module is loaded."""
    way: list[Path] = []
    while frame is not None:
        if frame.f_code.co_filename.startswith(PACKAGE):
            if frame.f_code.co_name == "<module>":
                return []
            way.append(Path(frame.f_code.co_filename.removeprefix(PACKAGE)))
        frame = frame.f_back
    return way[::-1]


def folder(file: Path) -> str:
    """Two levels of it; the steps of a comparison and the public face by their names; `nn` and `cli` as one."""
    parts = file.parts[:-1]
    if len(parts) < 2 and parts[:1] != ("cli",):
        return str(file.with_suffix(""))
    return parts[0] if parts[0] in ("nn", "cli") else "/".join(parts[:2])


def stops(ways: list[list[Path]], room: Callable[[Path], str]) -> Stop:
    """The rooms that each room calls, in the order of the first call."""
    drawn: Stop = {}
    for way in ways:
        here = drawn
        for name, _ in groupby(room(file) for file in way if file.parts[0] != "common"):
            here = here.setdefault(name, {})
    return drawn


WALK = Walk()


class Here:
    """What the pool of workers does, done in this process; the first job of each kind is followed."""

    def __init__(self, folder: RunFolder, ledger: Ledger, size: int):
        self._folder, self._ledger, self._tasks = folder, ledger, task_loader.Sources(folder)
        self._followed: set[str] = set()

    def watch(self) -> None:
        while first := self._ledger.first_pending():
            kind = f"{first.kind} {first.description.get('phase')}"
            sys.setprofile(None if kind in self._followed else WALK)
            self._followed.add(kind)
            group = self._ledger.claim(os.getpid(), first, most_together(first.description, self._tasks))
            for name, record in jobs.do_jobs([entry.description for entry in group], self._folder, self._tasks):
                self._ledger.finish(name, record)
            sys.setprofile(WALK)

    def nodes(self) -> dict[str, int]:
        """None but this process."""
        return {}

    def stop(self) -> None:
        """Nothing was started."""


def small_file(path: Path) -> None:
    """Sequences of eight steps; the label is the sign of the first."""
    rows = [f"{i},{t},{(-1) ** i * (t == 0) + 0.01 * i * t},{'ab'[i % 2]}" for i in range(40) for t in range(8)]
    path.write_text("\n".join(["id,t,x,label", *rows]), encoding="utf-8")


def compare(folder: Path) -> None:
    """One comparison of a small file, to its report."""
    small_file(folder / "small.csv")
    sys.argv = ["carousel", "compare", str(folder / "small.csv"), *OPTIONS, "--out", str(folder / "run")]
    sys.setprofile(WALK)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        app.main()
    sys.setprofile(None)
    if not (folder / "run" / "report.html").exists():
        sys.exit("the comparison did not come to its report")


def lines(stops: Stop, depth: int = 0) -> list[tuple[int, str]]:
    """The stops, each with its depth, as they are drawn."""
    return [line for room, inner in stops.items() for line in [(depth, room), *lines(inner, depth + 1)]]


def main() -> None:
    quick = budgets.BUDGETS["quick"]
    small = {"learning_rates": (0.003,), "reporting_seeds": (100, 101), "interim_analyses": (2,), "steps": 20}
    budgets.BUDGETS["quick"] = quick._replace(**small)
    run.Pool = Here  # type: ignore[misc,assignment]
    with tempfile.TemporaryDirectory() as place:
        compare(Path(place))
    for depth, room in lines(stops(WALK.ways, folder)):
        print("    " * depth + room)
    for what, room_of in {"folders": folder, "files": str}.items():
        visits = Counter(room for _, room in lines(stops(WALK.ways, room_of)))
        print(f"\n{visits.total()} stops in {len(visits)} {what}, {visits.total() - len(visits)} returns. Most often:")
        print(", ".join(f"{room} {count}" for room, count in visits.most_common(12)))


if __name__ == "__main__":
    main()
