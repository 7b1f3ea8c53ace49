"""Read a run folder into evidence. No torch: a folder copied to another machine can be read there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import polars as pl
from pydantic import ValidationError

from carousel.common.damage import in_words
from carousel.common.errors import FolderConflict
from carousel.experiments.data.card import Card
from carousel.experiments.data.prepare.card_text import card_lines
from carousel.experiments.results.entries import Finished, groups, read_entry
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.kept import is_kept, load_kept, schema
from carousel.experiments.runner.folder import RESTORE, RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.table_files import read_table
from carousel.experiments.tables import ANSWERS, OCCLUSION, ONSETS, PROFILES, RIVALS, SLOPES, TRIALS, Table


def load_evidence(path: Path | str) -> Evidence:
    """Everything a finished, or half finished, run has measured, or what was kept of one (`results.kept`). Raises
    FolderConflict where there is no run."""
    folder = RunFolder(Path(path))
    plan = folder.load_plan()
    if is_kept(folder):
        return load_kept(folder, plan, _environment(folder))
    ledger = Ledger(folder.ledger)
    try:
        entries = ledger.entries("done")
    finally:
        ledger.close()
    with _refusing(folder.ledger):
        known = groups(plan)
        found = [read_entry(entry, known) for entry in entries]
    return _evidence(folder, plan, found)


@contextmanager
def _refusing(ledger: Path) -> Iterator[None]:
    """An entry that is not as this program writes them, in one line."""
    try:
        yield
    except ValidationError as error:
        raise FolderConflict(
            f"the ledger {str(ledger)!r} holds a record that is damaged", got=in_words(error), fix=RESTORE
        ) from error


def _evidence(folder: RunFolder, plan: Plan, entries: list[Finished]) -> Evidence:
    flows = [entry for entry in entries if entry.slopes]
    return Evidence(
        folder=folder.path,
        plan=plan,
        trials=_frame((row for e in entries for row in e.trials), TRIALS),
        profiles=_profiles(folder, flows),
        slopes=_frame((row for e in flows for row in e.slopes), SLOPES),
        onset=_frame((row for e in entries for row in e.onset), ONSETS),
        environment=_environment(folder),
        card=_card(folder),
        occlusion=_frame((row for e in entries for row in e.occlusion), OCCLUSION),
        refits=tuple(e.refit for e in entries if e.refit is not None),
        rivals=_frame((row for e in entries for row in e.rivals), RIVALS),
        answers=_answers(folder, [e.refit.job for e in entries if e.refit is not None]),
        machines=_machines(entries),
    )


def _machines(entries: Iterable[Finished]) -> tuple[tuple[dict[str, str], int], ...]:
    """Of trainings: a probe of one that trains on GPUs runs on its processor."""
    counted = Counter(
        tuple(sorted(entry.machine.items())) for entry in entries if entry.trials and entry.machine is not None
    )
    return tuple((dict(kind), jobs) for kind, jobs in sorted(counted.items(), key=lambda each: (-each[1], each[0])))


def _frame(rows: Iterable[Mapping[str, Any]], table: Table) -> pl.DataFrame:
    """Rows in a fixed order, whatever order the jobs finished in."""
    types = schema(table)
    frame = pl.DataFrame(list(rows), schema=types)
    return frame.sort(*(c for c in ("trial", "job", "seed", "moment") if c in types), maintain_order=True)


def _profiles(folder: RunFolder, entries: list[Finished]) -> pl.DataFrame:
    types, tables = schema(PROFILES), []
    for entry in sorted(entries, key=lambda e: e.hash):
        about = [pl.lit(value, dtype=types[name]).alias(name) for name, value in entry.about.items()]
        given = {expression.meta.output_name() for expression in about}
        measured = [pl.col(name).cast(kind) for name, kind in types.items() if name not in given]
        table = read_table(folder.flow(entry.hash), measured).with_columns(about)
        tables.append(table.select(list(types)))
    return pl.concat(tables) if tables else pl.DataFrame(schema=types)


def _answers(folder: RunFolder, refits: list[str]) -> pl.DataFrame:
    """What is there: folders of earlier versions, and some copies, hold none."""
    types = schema(ANSWERS)
    given = [job for job in sorted(refits) if folder.answers(job).is_file()]
    stored = [pl.col(name).cast(kind) for name, kind in types.items() if name != "job"]
    tables = [
        read_table(folder.answers(job), stored, since=("right",)).select(pl.lit(job).alias("job"), pl.all())
        for job in given
    ]
    return pl.concat(tables) if tables else pl.DataFrame(schema=types)


def _environment(folder: RunFolder) -> dict[str, Any]:
    found = folder.load_json(folder.environment) or {}
    kernels = found.get("kernels", {})
    named = isinstance(kernels, dict) and all(isinstance(each, dict) for each in kernels.values())
    if not named or not isinstance(found.get("packages", {}), dict):
        raise FolderConflict(f"cannot read {str(folder.environment)!r}", got="it describes no environment", fix=RESTORE)
    return found


def _card(folder: RunFolder) -> Card | None:
    """The data card, which has been put into words once: so all that the report says of it is there."""
    card = cast("Card | None", folder.load_json(folder.card))
    if card is not None:
        try:
            card_lines(card, "en")
            [(str(c["name"]), c["training"] + c["validation"] + c["test"]) for c in card["classes"] or ()]
        except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
            lacks = isinstance(error, KeyError)
            reason = f"it is no data card: {error} has no value" if lacks else "it is no data card"
            raise FolderConflict(f"cannot read {str(folder.card)!r}", got=reason, fix=RESTORE) from error
    return card
