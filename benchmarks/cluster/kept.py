"""Trainings that another run has finished, in place of workers: what a plan asks for is taken from there, nothing is
trained. So a run is judged as it stood at its first analysis, though it has gone on since."""

from __future__ import annotations

import shutil
from pathlib import Path

from carousel.experiments.finalise import finalise
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.cluster.inputs import outputs_of
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.run import run_plan


class Kept:
    """Workers of one run that find each job done in the folder of another."""

    def __init__(self, run: RunFolder, folder: RunFolder, ledger: Ledger):
        self._run, self._folder, self._ledger = run, folder, ledger
        known = Ledger(run.ledger, read_only=True)
        self._records = {entry.hash: entry.record for entry in known.entries("done")}
        known.close()

    def watch(self) -> None:
        """Take all that is pending. Raises SystemExit where the other run has not finished one of them."""
        while first := self._ledger.first_pending():
            (entry,) = self._ledger.claim(1, first)
            record = self._records.get(entry.hash)
            if record is None:
                raise SystemExit(f"{self._run.path} has not finished {entry.hash}, a {entry.kind} of this plan")
            for path in outputs_of(entry.hash):
                if (self._run.path / path).exists():
                    self._folder.write(self._folder.path / path, (self._run.path / path).read_bytes())
            self._ledger.finish(entry.hash, record)

    def nodes(self) -> dict[str, int]:
        """None is at work."""
        return {}

    def left_out(self) -> dict[str, int]:
        """None."""
        return {}

    def stop(self) -> None:
        """Nothing was started."""


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
    with folder.locked():
        run_plan(plan, folder, 1, lambda progress: None, start=lambda new, ledger: Kept(source, new, ledger))
    return folder
