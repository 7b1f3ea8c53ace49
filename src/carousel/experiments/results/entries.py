"""A finished entry of the ledger as rows of the tables, every value checked: a ledger may have been edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from pydantic_core import InitErrorDetails, PydanticCustomError

from carousel.common.damage import OURS
from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.columns import Setting
from carousel.experiments.results.refitted import RefitRecord, Refitted
from carousel.experiments.runner.ledger import Entry
from carousel.experiments.runner.plan import Plan
from carousel.experiments.tables import OCCLUSION, ONSETS, RIVALS, SLOPES, TRIALS, Table, columns
from carousel.experiments.training.description import (
    Contender,
    InitialFlow,
    Job,
    OnsetProbe,
    Refit,
    RivalTrial,
    Trial,
    condition_key,
)

_JOB: TypeAdapter[Any] = TypeAdapter(Job)
_TYPES: dict[type, Any] = {int: Annotated[int, Field(ge=-(2**63), lt=2**63)]}
_Row = dict[str, Any]


class Groups(NamedTuple):
    """What a plan has under each condition, by its key."""

    contenders: set[tuple[str, Contender]]
    rivals: set[tuple[str, str]]


@dataclass(frozen=True)
class Finished:
    """job: the entry's hash. about: what its lag profiles are about. The rows that it adds to each table. machine: that
    it was done on, as `runner.machine` describes it; None of a run from before that was stored."""

    hash: str
    about: _Row
    trials: list[_Row]
    slopes: list[_Row]
    onset: list[_Row]
    occlusion: list[_Row]
    refit: Refitted | None = None
    rivals: list[_Row] = field(default_factory=list)
    machine: dict[str, str] | None = None


class _Record(BaseModel):
    """What a job writes down, before its rows are looked at."""

    model_config = ConfigDict(strict=True)
    trial: _Row | None = None
    slopes: list[_Row] = []
    onset: list[_Row] = []
    occlusion: list[_Row] = []
    refit: RefitRecord | None = None
    rivals: list[_Row] = []
    machine: dict[str, str] | None = None


def groups(plan: Plan) -> Groups:
    """The contenders of a plan under its conditions, and the rivals."""
    made = {(c.key, made) for c in plan.conditions() for made in plan.contenders[c.source]}
    return Groups(made, {(condition_key(source, 0), rival) for source, names in plan.rivals.items() for rival in names})


def read_entry(entry: Entry, known: Groups) -> Finished:
    """The rows of an entry. known: the `groups` of the plan.

    pydantic's ValidationError where its job is not of the plan, or a value is of another type, not finite, or absent.
    """
    job, record = _JOB.validate_python(entry.description), _Record.model_validate(entry.record)
    return replace(_read(entry, job, record, known), machine=record.machine)


def _read(entry: Entry, job: Any, record: _Record, known: Groups) -> Finished:
    if isinstance(job, OnsetProbe):
        about = {"job": entry.hash, "family": _family(job.cell), "cell": job.cell}
        return Finished(entry.hash, about, [], [], _rows(record.onset, about, ONSETS), [])
    if isinstance(job, Refit):
        _setting(job.trial, known)  # raises where it is not of the plan
        if record.refit is None:
            raise _wrong("a refit has no numbers", entry.hash)
        return Finished(entry.hash, {}, [], [], [], [], Refitted(entry.hash, job, record.refit))
    if isinstance(job, RivalTrial):
        return _of_rival(job, entry.hash, record, known)
    about = {"job": entry.hash} | vars(_setting(job, known))
    slopes = _rows(record.slopes, about, SLOPES)
    if isinstance(job, InitialFlow):
        return Finished(entry.hash, about, [], slopes, [], [])
    if record.trial is None:
        raise _wrong("a trial has no numbers", entry.hash)
    head = {"trial": entry.hash, "phase": job.phase, "seed": job.seed} | about
    trials = _rows([record.trial], head, TRIALS)
    _check_tested(trials[0])
    return Finished(entry.hash, about, trials, slopes, [], _rows(record.occlusion, head, OCCLUSION))


def _check_tested(trial: _Row) -> None:
    """Only a tuning trial may be pruned, and all others are tested."""
    if trial["outcome"] == "pruned":
        if trial["phase"] == "reporting":
            raise _wrong("a reporting trial is never pruned", trial["trial"])
        return
    absent = [name for name in ("score", "training_score", "test_loss") if trial[name] is None]
    if absent:
        details = [InitErrorDetails(type="missing", loc=(name,), input=trial) for name in absent]
        raise ValidationError.from_exception_data("entry", details)


def _of_rival(job: RivalTrial, name: str, record: _Record, known: Groups) -> Finished:
    if (job.condition, job.rival) not in known.rivals:
        raise _wrong("it is of another plan", job.rival)
    about = {"job": name, "condition": job.condition, "rival": job.rival, "seed": job.seed}
    if len(record.rivals) != 1:
        raise _wrong("a rival has no numbers", name)
    return Finished(name, about, [], [], [], [], rivals=_rows(record.rivals, about, RIVALS))


def _rows(found: list[_Row], about: Mapping[str, Any], table: Table) -> list[_Row]:
    """Each with what it is about; a column that an older run has not is null, where it may be."""
    return [_checked(table).model_validate({**row, **about}).model_dump() for row in found]


@cache
def _checked(table: Table) -> type[BaseModel]:
    """A row of the table as its columns are declared."""
    fields: dict[str, Any] = {}
    for column in columns(table):
        kind = _TYPES.get(column.type, column.type)
        fields[column.name] = (kind | None, None) if column.about.null else (kind, ...)
    config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)
    return create_model(table.name, __config__=config, **fields)


def _setting(job: Trial | InitialFlow, known: Groups) -> Setting:
    contender = job.contender
    if (job.condition, contender) not in known.contenders:
        raise _wrong("it is of another plan", job.condition)
    return Setting(
        condition=condition_key(job.source.name, job.length),
        source=job.source.name,
        length=job.length,
        contender=contender.spec,
        family=_family(contender.cell),
        **{name: getattr(contender, name) for name in ("cell", "init", "layers", "hidden", "parameters")},
        learning_rate=getattr(job, "learning_rate", None),
    )


def _family(cell: str) -> str:
    if cell not in FAMILY_OF_CELL:
        raise _wrong("there is no such cell", cell)
    return FAMILY_OF_CELL[cell]


def _wrong(reason: str, value: str) -> ValidationError:
    return ValidationError.from_exception_data(
        "entry", [InitErrorDetails(type=PydanticCustomError(OURS, reason), loc=(value,), input=value)]
    )
