"""Two small runs, one of a task and one of a file, trained once in this process: what mutated run folders begin as."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from unittest.mock import patch

from carousel.common.errors import CarouselError
from carousel.experiments.data import DataOptions
from carousel.experiments.judgement import judge
from carousel.experiments.preflight import Preflight, preflight
from carousel.experiments.probes import onset
from carousel.experiments.results.export import export_best
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner import run as running
from carousel.experiments.runner.environment import describe_environment
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.jobs import do_jobs
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.request import ComparisonRequest
from carousel.experiments.runner.split_store import store_splits
from carousel.experiments.runner.task_loader import Sources
from tests.fuzz import memory
from tests.fuzz.kinds.reading import LONG
from tests.fuzz.kinds.tables import long_rows
from tests.fuzz.outcome import KEPT
from tests.support.runs import shortened

#: The files of a run folder whose mutations are tried, by their content.
CONTENTS = ("plan.toml", "ledger.sqlite", "verdicts.json", "environment.json", "card.json", "data.npz")


class _Here:
    """What the pool of workers does, done in this process."""

    def __init__(self, folder: RunFolder, ledger: Ledger, size: int):
        self._folder, self._ledger, self._sources = folder, ledger, Sources(folder)

    def watch(self) -> None:
        while first := self._ledger.first_pending():
            (entry,) = self._ledger.claim(os.getpid(), first)
            for name, record in do_jobs([entry.description], self._folder, self._sources):
                self._ledger.finish(name, record)

    def nodes(self) -> dict[str, int]:
        """None but this process."""
        return {}

    def left_out(self) -> dict[str, int]:
        """None."""
        return {}

    def stop(self) -> None:
        """Nothing was started."""


@cache
def run(of: str) -> Path:
    """The folder of a judged run with its best network, of a "task" or a "file"; it is not to be written to."""
    folder = Path(os.environ.get(KEPT) or mkdtemp(prefix="fuzz-")) / of
    finished = RunFolder(folder / "run")
    if finished.verdicts.is_file():
        return finished.path
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with memory.unlimited():
            return _trained(_asked(of, folder), finished)
    except CarouselError as error:  # else it would count as a refusal of every input
        raise AssertionError(f"the base run of a {of} is refused: {error}") from error


@cache
def contents(of: str) -> dict[str, bytes]:
    """The files of such a run by their names."""
    whole = run(of)
    return {str(path.relative_to(whole)): path.read_bytes() for path in sorted(whole.rglob("*")) if path.is_file()}


def _asked(of: str, folder: Path) -> Preflight:
    if of == "task":
        return preflight(ComparisonRequest(("delayed-recall",), "rnn,gru", (8,), parameters=2000))
    path = folder / "table.csv"
    path.write_text("\n".join(map(",".join, long_rows(12))))
    return preflight(ComparisonRequest((str(path),), "rnn,gru", parameters=2000, data=DataOptions(**LONG)))


def _trained(known: Preflight, folder: RunFolder) -> Path:
    plan = shortened(known.plan, steps=4, seeds=2).model_copy(update={"kernel": "torch", "learning_rates": (0.003,)})
    planned = replace(known.planned, plan=plan)
    with folder.locked():
        folder.claim_for(plan)
        if planned.splits is not None:
            store_splits(folder, planned.splits)
        folder.write_json(folder.environment, describe_environment(plan, Sources(folder), 1))
        with patch.object(running, "Pool", _Here), patch.multiple(onset, _WARMUP=1, _STEPS=5):  # else most of the time
            running.run_plan(plan, folder, 1, lambda _: None)
    evidence = load_evidence(folder.path)
    folder.write_json(folder.verdicts, judge(evidence).as_json())
    export_best(evidence, plan.specs[0])
    (folder.path / ".lock").unlink(missing_ok=True)
    return folder.path
