"""A comparison of seconds, disturbed again and again and continued each time, in rounds; each round ends with the bytes
of a run that was left alone."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from carousel.common.errors import CarouselError
from carousel.experiments.runner.folder import RunFolder
from tests.soak.disk import Disk, small_disk
from tests.soak.kinds import DONE, Kind, Running, kinds
from tests.soak.left import contents, finished, leftovers
from tests.soak.processes import Process, Starter, starter
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.runs import command, environment, shortened

_GIVEN_UP = ("its worker process died 3 times", "workers died in a row")  # continued by the next command
_LONGEST_PAUSE = 0.6  # seconds
_TABLES_MORE = (0, 0, 1, 2)
_SECONDS = 300.0


@dataclass
class Soak:
    """Where it is: the run folder that is disturbed, the jobs that were seen finished, and what went wrong."""

    starter: Starter
    disk: Disk
    reference: Path
    folder: Path
    process: Process | None = None
    kept: dict[str, str] = field(default_factory=dict)
    rounds: int = 0

    def disturb(self, kind: Kind, chance: random.Random) -> dict[str, Any]:
        """One kill at a random moment, and what came of it."""
        faults = self._until_moment(chance)
        assert self.process is not None
        run = Running(self.process, self.folder, self.disk, chance)
        try:
            code = kind.do(run)
        except subprocess.TimeoutExpired:
            faults.append("the command did not end")
            code = None
            self._end()
        if code not in kind.ends:
            faults.append(f"the command ended with {code}: {self._said.read_text(errors='replace')[-3000:]}")
        if code not in (None, DONE):
            faults += self._unsaid(code)
        if run.folder != self.folder or not kind.keeps:
            faults += self._begun_anew(code, run.folder)
        if code is not None:
            self.process = None
        self.folder = run.folder
        lost = self._compare_kept(kind, faults)
        return {"kind": kind.name, "code": code, "finished": len(self.kept), "lost": lost, "faults": faults}

    def make_reference(self) -> None:
        """Run the plan that is in `reference` there, undisturbed."""
        process = self._running()
        assert process.wait(_SECONDS) == DONE, self._last_line()
        self.process = None

    def to_the_end(self) -> list[str]:
        """Let the last round come to its end. The faults that were found."""
        faults: list[str] = []
        began = self.rounds
        while self.rounds == began and not faults:
            process = self._running()
            process.wait(_SECONDS)
            faults += self._ended()
        return faults

    def _until_moment(self, chance: random.Random) -> list[str]:
        """Wait a random time in a run that is going on, counted from now or from when it has written more tables: so
        it gets on however slow the machine is. The faults that were found meanwhile."""
        faults: list[str] = []
        more, pause = chance.choice(_TABLES_MORE), chance.uniform(0.02, _LONGEST_PAUSE)
        while True:
            process = self._running()
            try:
                self._until_written(process, self._written() + more)
                process.wait(pause)
            except subprocess.TimeoutExpired:
                return faults
            faults += self._ended()

    def _until_written(self, process: Process, tables: int) -> None:
        while process.poll() is None and self._written() < tables:
            time.sleep(0.02)

    def _written(self) -> int:
        return sum(1 for _ in self.folder.glob("*/*.parquet")) + sum(1 for _ in self.folder.glob("*/*.csv"))

    def start(self, folder: Path | None = None) -> Process:
        """The comparison in `folder`, that of the round where None: begun, or continued."""
        arguments = ["compare", "--plan", str(self.reference), "--out", str(folder or self.folder), "--workers", "2"]
        return self.starter.start(command(*arguments), environment(), self._said)

    def _running(self) -> Process:
        if self.process is None:
            self.process = self.start()
        return self.process

    def _ended(self) -> list[str]:
        """A command came to its end undisturbed: then the round is over, and another begins."""
        assert self.process is not None
        code, self.process = self.process.returncode, None
        if code != DONE:
            given_up = code == 1 and any(reason in self._said.read_text() for reason in _GIVEN_UP)
            return [] if given_up else [f"a command ended with {code}: {self._last_line()}"]
        unequal, left = self._unequal(), leftovers(self.folder)
        self._next_round()
        return unequal + [f"left over: {', '.join(left)}"] * bool(left)

    def _begun_anew(self, code: int | None, there: Path) -> list[str]:
        """A folder that went before the command had looked at it is no longer a run to continue: then a whole one is
        in its old place. Else nothing is."""
        if not self.folder.exists():
            return []
        if code != DONE:
            return [f"it is there again: {sorted(p.name for p in self.folder.rglob('*'))}"]
        unequal = self._unequal()
        if there != self.folder:
            shutil.rmtree(self.folder)
        return unequal

    def _unequal(self) -> list[str]:
        wanted, found = contents(self.reference), contents(self.folder)
        unequal = sorted(name for name in wanted | found if wanted.get(name) != found.get(name))
        return [f"unequal: {', '.join(unequal)}"] * bool(unequal)

    def _next_round(self) -> None:
        self._end()
        shutil.rmtree(self.folder)
        self.rounds += 1
        self.folder, self.kept = self.disk.path / f"round-{self.rounds}", {}

    def _compare_kept(self, kind: Kind, faults: list[str]) -> int:
        before = self.kept if kind.keeps else {}
        try:
            self.kept = finished(self.folder)
        except CarouselError as error:
            faults.append(f"the folder cannot be read: {error}")
            self._next_round()
            return len(before)
        return sum(self.kept.get(job) != measured for job, measured in before.items())

    def _unsaid(self, code: int | None) -> list[str]:
        """A command that gives up by itself says why, in one line."""
        if code is None or code < 0 or code == 130:
            return ["a traceback"] * ("Traceback" in self._said.read_text())
        return [] if self._last_line().startswith("carousel: ") else [f"it says {self._last_line()!r}"]

    @property
    def _said(self) -> Path:
        return self.reference.with_name("said.txt")

    def _last_line(self) -> str:
        return (self._said.read_text(errors="replace").strip().splitlines() or [""])[-1]

    def _end(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(_SECONDS)
            self.process = None


@contextmanager
def soak(place: Path, *, fresh: bool = False) -> Iterator[Soak]:
    """A soak in the folder `place`, its reference made there. fresh: each process is a new interpreter."""
    place.mkdir(parents=True, exist_ok=True)
    reference = place / "reference"
    with starter(environment(), fresh=fresh) as starting, small_disk(place / "disk") as disk:
        made = Soak(starting, disk, reference, reference)
        if not (reference / "report.html").exists():
            RunFolder(reference).claim_for(_plan())
            made.make_reference()
        made.folder = disk.path / "round-0"
        try:
            yield made
        finally:
            made._end()


def _plan() -> Any:
    """Sixteen jobs of a tenth to a third of a second: of two learning rates one is at the edge, so a third is tried."""
    request = ComparisonRequest(("delayed-recall",), "rnn,lstm:chrono", (8,), parameters=600, kernel="torch")
    return shortened(make_plan(request).plan, 40, 4).model_copy(update={"onset": (), "rate_bounds": (0.0005, 0.04)})


def cards(disk: Disk, seed: int, first: int, last: int) -> Iterator[tuple[Kind, random.Random]]:
    """Kinds of kills `first` to `last`, and the chance each is made by: decks that hold every kind, shuffled."""
    deck = kinds(disk)
    for number in range(first, last):
        turn, place = divmod(number, len(deck))
        shuffled = random.Random(f"{seed}/{turn}").sample(deck, len(deck))
        yield shuffled[place], random.Random(f"{seed}/{turn}/{place}")


def in_vain(done: list[dict[str, Any]]) -> list[str]:
    """Kinds by which every command came to its end: they disturbed nothing, so they show nothing."""
    stopped = {one["kind"] for one in done if one["code"] != DONE}
    return sorted({one["kind"] for one in done} - stopped)
