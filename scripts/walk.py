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
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import carousel
from carousel.cli import app
from carousel.experiments.runner import budgets, jobs, run, task_loader
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger

PACKAGE = f"{Path(carousel.__file__).parent}/"
OPTIONS = ["--target", "label", "--group", "id", "--order", "t", "--contenders", "rnn,lstm:chrono", "--workers", "1"]
WHOLE = ("nn", "cli")  # rooms whose folders are not told apart; of the others two levels are
Stop = dict[str, Any]  # the rooms called from here, each with its own


class Walk:
    """Which room calls which, as nested dictionaries in the order of the first call."""

    def __init__(self) -> None:
        self.stops: Stop = {}
        self._seen: set[CodeType] = set()

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or code in self._seen:
            return
        self._seen.add(code)
        if code.co_filename.startswith(PACKAGE) and code.co_name != "<module>":
            here = self.stops
            for room in _way(frame):
                here = here.setdefault(room, {})


def _way(frame: FrameType | None) -> list[str]:
    """The rooms from the command to this call, neighbours that are equal joined; empty while a module is loaded."""
    way: list[str] = []
    while frame is not None:
        if frame.f_code.co_filename.startswith(PACKAGE):
            if frame.f_code.co_name == "<module>":
                return []
            room = _room(Path(frame.f_code.co_filename.removeprefix(PACKAGE)))
            if room != "common" and way[-1:] != [room]:
                way.append(room)
        frame = frame.f_back
    return way[::-1]


def _room(file: Path) -> str:
    folders = file.parts[:-1]
    if not folders or folders[0] in WHOLE or folders[0] == "common":
        return folders[0] if folders else "carousel"
    return "/".join(folders[:2]) if folders[1:] else f"{folders[0]}/{file.stem}"


WALK = Walk()


class Here:
    """What the pool of workers does, done in this process; the first job of each kind is followed."""

    def __init__(self, folder: RunFolder, ledger: Ledger, size: int):
        self._folder, self._ledger, self._tasks = folder, ledger, task_loader.Sources(folder)
        self._followed: set[str] = set()

    def watch(self) -> None:
        while entry := self._ledger.claim(os.getpid()):
            kind = f"{entry.kind} {entry.description.get('phase')}"
            sys.setprofile(None if kind in self._followed else WALK)
            self._followed.add(kind)
            record = jobs.do_job(entry.description, self._folder, self._tasks)
            sys.setprofile(WALK)
            self._ledger.finish(entry.hash, record)

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
    small = {"learning_rates": (0.003,), "reporting_seeds": (100, 101), "looks": (2,), "steps": 20}
    budgets.BUDGETS["quick"] = quick._replace(**small)
    run.Pool = Here  # type: ignore[misc,assignment]
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder))
    drawn = lines(WALK.stops)
    for depth, room in drawn:
        print("    " * depth + room)
    visits = Counter(room for _, room in drawn)
    print(f"\n{len(drawn)} stops, {len(visits)} rooms, {len(drawn) - len(visits)} returns")
    print(", ".join(f"{room} {count}" for room, count in visits.most_common()))


if __name__ == "__main__":
    main()
