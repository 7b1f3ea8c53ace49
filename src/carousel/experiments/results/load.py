"""Read a run folder into evidence. No torch: a folder copied to another machine can be read there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import polars as pl

from carousel.common.errors import FolderConflict
from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.columns import OCCLUSION, ONSETS, PROFILES, SLOPES, TRIALS, Setting, Table, columns
from carousel.experiments.data.card import Card
from carousel.experiments.data.prepare.card_text import card_lines
from carousel.experiments.results.evidence import Evidence, read_table
from carousel.experiments.runner.folder import RESTORE, RunFolder
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.runner.plan import Plan
from carousel.experiments.training.description import condition_key

_POLARS = {str: pl.String(), float: pl.Float64(), int: pl.Int64(), bool: pl.Boolean()}


def schema(table: Table) -> dict[str, pl.DataType]:
    """Name and type of each column, in order."""
    return {column.name: _POLARS[column.type] for column in columns(table)}


def load_evidence(path: Path | str) -> Evidence:
    """Everything a finished, or half finished, run has measured. Raises FolderConflict where there is no run."""
    folder = RunFolder(Path(path))
    plan = folder.load_plan()
    ledger = Ledger(folder.ledger)
    try:
        entries = ledger.entries("done")
    finally:
        ledger.close()
    with _refusing(folder.ledger):
        return _evidence(folder, plan, entries)


def _evidence(folder: RunFolder, plan: Plan, entries: list[Entry]) -> Evidence:
    _check(entries, plan)
    trials = [e for e in entries if e.kind == "trial"]
    flows = [e for e in entries if e.kind in ("trial", "initial-flow") and (e.record or {}).get("slopes")]
    return Evidence(
        folder=folder.path,
        plan=plan,
        trials=_frame((_trial_row(e) for e in trials), TRIALS),
        profiles=_profiles(folder, flows),
        slopes=_frame((_about(e) | row for e in flows for row in _record(e)["slopes"]), SLOPES),
        onset=_frame((_onset_row(e, row) for e in entries if e.kind == "onset" for row in _record(e)["onset"]), ONSETS),
        environment=_environment(folder),
        card=_card(folder),
        occlusion=_frame((row for e in trials for row in _occlusion_rows(e)), OCCLUSION),
    )


@contextmanager
def _refusing(ledger: Path) -> Iterator[None]:
    """An entry that is not as this program writes them, in one line."""
    try:
        yield
    except FolderConflict:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
        reason = f"{type(error).__name__} {str(error).strip()}".splitlines()[0]
        raise FolderConflict(
            f"the ledger {str(ledger)!r} holds a record that is damaged", got=reason, fix=RESTORE
        ) from error


def _check(entries: Iterable[Entry], plan: Plan) -> None:
    """Each trial is one of the plan's. ValueError."""
    known = {(c.key, made.spec) for c in plan.conditions() for made in plan.contenders[c.source]}
    for entry in entries:
        about = entry.description
        if entry.kind == "trial":
            group = (condition_key(about["source"]["name"], about["length"]), about["contender"]["spec"])
            if group not in known:
                raise ValueError(f"{entry.hash} is a trial of another plan")


def _record(entry: Entry) -> dict[str, Any]:
    assert entry.record is not None  # "done" is only ever written together with the record
    return entry.record


def _about(entry: Entry) -> dict[str, Any]:
    """The job, and what it was about."""
    return {"job": entry.hash} | vars(_setting(entry.description))


def _setting(about: dict[str, Any]) -> Setting:
    contender = about["contender"]
    return Setting(
        condition=condition_key(about["source"]["name"], about["length"]),
        source=about["source"]["name"],
        length=about["length"],
        contender=contender["spec"],
        family=FAMILY_OF_CELL[contender["cell"]],
        **{name: contender[name] for name in ("cell", "init", "layers", "hidden", "parameters")},
        learning_rate=about.get("learning_rate"),
    )


def _of_trial(entry: Entry) -> dict[str, Any]:
    about = entry.description
    return {"trial": entry.hash, "phase": about["phase"], "seed": about["seed"]} | vars(_setting(about))


def _trial_row(entry: Entry) -> dict[str, Any]:
    return {**_of_trial(entry), **_record(entry)["trial"]}


def _occlusion_rows(entry: Entry) -> Iterator[dict[str, Any]]:
    head = _of_trial(entry)
    return (head | row for row in _record(entry).get("occlusion", []))


def _onset_row(entry: Entry, row: dict[str, Any]) -> dict[str, Any]:
    cell = entry.description["cell"]
    return {"job": entry.hash, "family": FAMILY_OF_CELL[cell], "cell": cell} | row


def _frame(rows: Iterable[dict[str, Any]], table: Table) -> pl.DataFrame:
    """Rows in a fixed order, whatever order the jobs finished in."""
    types = schema(table)
    frame = pl.DataFrame([{name: row.get(name) for name in types} for row in rows], schema=types)
    for column in columns(table):
        values = frame[column.name]
        absent = values.null_count() and not column.about.null
        if absent or (column.type is float and not (values.is_finite() | values.is_null()).all()):
            raise ValueError(f"{column.name} has no value")
    return frame.sort(*(c for c in ("trial", "job", "seed", "moment") if c in types), maintain_order=True)


def _profiles(folder: RunFolder, entries: list[Entry]) -> pl.DataFrame:
    types, tables = schema(PROFILES), []
    for entry in sorted(entries, key=lambda e: e.hash):
        about = [pl.lit(value, dtype=types[name]).alias(name) for name, value in _about(entry).items()]
        given = {expression.meta.output_name() for expression in about}
        measured = [pl.col(name).cast(kind) for name, kind in types.items() if name not in given]
        table = read_table(folder.flow(entry.hash), measured).with_columns(about)
        tables.append(table.select(list(types)))
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
            reason = f"it is no data card: {type(error).__name__} {error}"
            raise FolderConflict(f"cannot read {str(folder.card)!r}", got=reason, fix=RESTORE) from error
    return card
