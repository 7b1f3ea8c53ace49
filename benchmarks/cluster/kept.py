"""Trainings that another run has finished, in place of workers: what a plan asks for is taken from there, nothing is
trained. So a run is judged as it stood at its first analysis, though it has gone on since."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from carousel.experiments.finalise import finalise
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.cluster.inputs import outputs_of
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.run import run_plan


class AtOnce:
    """Workers of one run that have each job done as soon as it is pending. do: writes its files, gives its record."""

    def __init__(self, ledger: Ledger, do: Callable[[Entry], Mapping[str, Any]]):
        self._ledger, self._do = ledger, do

    def watch(self) -> None:
        """Do all that is pending."""
        while first := self._ledger.first_pending():
            (entry,) = self._ledger.claim(1, first)
            self._ledger.finish(entry.hash, self._do(entry))

    def nodes(self) -> dict[str, int]:
        """None is at work."""
        return {}

    def left_out(self) -> dict[str, int]:
        """None."""
        return {}

    def stop(self) -> None:
        """Nothing was started."""


class Kept:
    """The jobs that a run has finished, brought to the folder of another."""

    def __init__(self, run: RunFolder, folder: RunFolder):
        self._run, self._folder = run, folder
        known = Ledger(run.ledger, read_only=True)
        self._records = {entry.hash: entry.record for entry in known.entries("done")}
        known.close()

    def bring(self, entry: Entry) -> Mapping[str, Any]:
        """Raises SystemExit where the other run has not finished it."""
        record = self._records.get(entry.hash)
        if record is None:
            raise SystemExit(f"{self._run.path} has not finished {entry.hash}, a {entry.kind} of this plan")
        for path in outputs_of(entry.hash):
            if (self._run.path / path).exists():
                self._folder.write(self._folder.path / path, (self._run.path / path).read_bytes())
        return record


def first_analysis_of(run: Path, plan: Plan, place: Path) -> RunFolder:
    """What `take` takes, judged."""
    folder = take(run, plan, place)
    finalise(load_evidence(folder.path), "en")
    return folder


def take(run: Path, plan: Plan, place: Path) -> RunFolder:
    """A folder of the plan with what a run has finished of it, up to the first analysis. The run stays as it is. plan:
    its own, or a part of it."""
    source, folder = RunFolder(run), RunFolder(place)
    folder.claim_for(plan)
    shutil.copyfile(source.environment, folder.environment)
    bring = Kept(source, folder).bring
    with folder.locked():
        run_plan(plan, folder, 1, lambda progress: None, start=lambda _, ledger: AtOnce(ledger, bring))
    return folder
