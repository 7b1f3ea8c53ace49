"""The `.ts` text format of the UEA archive and aeon: a header of @lines, then one case a line.

Dimensions are separated by ':', the values of one by ',', a missing value is '?'; the last field is the target.
Cases may have unequal lengths; within a case all dimensions are equally long. Time stamps say how evenly the steps are
spaced (`ts_stamps`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Floats, Note
from carousel.experiments.data.options import DataOptions, TargetKind
from carousel.experiments.data.read.parsed import ParsedSequences
from carousel.experiments.data.read.source import Source, read_source
from carousel.experiments.data.read.steps import Steps
from carousel.experiments.data.read.ts_stamps import stamped_case, timed
from carousel.experiments.data.read.visible import MOST_OF_A_FILE, visible


@dataclass(frozen=True)
class Cases:
    """As they stand in the file. values: each [T, C]. targets: empty where none were read."""

    values: list[Floats]
    targets: list[str]
    lines: list[int]
    kind: TargetKind | None
    timed: Steps | None = None  # where the file has time stamps


def read_ts(source: Source, options: DataOptions) -> tuple[ParsedSequences, list[Source]]:
    """The cases, and the files read: where X_TEST.ts is in the folder of X_TRAIN.ts, it is the test part."""
    options.refuse(".ts", options.of_tables())
    options.refuse(".ts", {"--target": options.target, "--group": options.group, "--order": options.order})
    options.refuse(".ts", {"--forecast": ",".join(options.forecast)})
    train = parse(source)
    sibling = _sibling(source)
    if sibling is None:
        parsed = _parsed(train, [f"line {line}" for line in train.lines])
        return replace(parsed, notes=parsed.notes + _alone_note(source)), [source]
    return _with_test(source, train, sibling, parse(sibling)), [source, sibling]


def _sibling(source: Source) -> Source | None:
    stem, suffix = source.path.stem, source.path.suffix
    if not stem.endswith("_TRAIN"):
        return None
    path = source.path.with_name(stem.removesuffix("_TRAIN") + "_TEST" + suffix)
    return read_source(path) if path.exists() else None


def _alone_note(source: Source) -> list[Note]:
    """A test part given without its training part is split as if it were all there is."""
    stem, suffix = source.path.stem, source.path.suffix
    if not stem.endswith("_TEST"):
        return []
    return [{"key": "test_alone", "file": visible(stem.removesuffix("_TEST") + "_TRAIN" + suffix, MOST_OF_A_FILE)}]


def _with_test(source: Source, train: Cases, sibling: Source, test: Cases) -> ParsedSequences:
    if train.kind != test.kind or train.values[0].shape[1] != test.values[0].shape[1]:
        raise BadData(
            f"{sibling.name} does not fit {source.name}",
            allowed=f"{train.kind}, {train.values[0].shape[1]} dimensions",
            got=f"{test.kind}, {test.values[0].shape[1]} dimensions",
            fix=f"move {sibling.name} away to split {source.name} alone",
        )
    new = sorted(set(test.targets) - set(train.targets))
    if new and train.kind == "classification":
        raise BadData(
            f"{sibling.name} has a class that {source.name} has not",
            got=repr(new[0]),
            fix=f"move {sibling.name} away to split {source.name} alone",
        )
    both = replace(train, values=train.values + test.values, targets=train.targets + test.targets)
    names = [f"{source.name} line {line}" for line in train.lines]
    names += [f"{sibling.name} line {line}" for line in test.lines]
    part = np.repeat([0, 2], [len(train.lines), len(test.lines)])
    parsed = _parsed(both, names)
    note: Note = {"key": "sibling", "file": sibling.name, "count": len(test.lines)}
    return replace(parsed, part=part, ranks=None, notes=[*parsed.notes, note])


def _parsed(cases: Cases, names: list[str]) -> ParsedSequences:
    channels = tuple(f"dim{c + 1}" for c in range(cases.values[0].shape[1]))
    lengths = np.array([len(values) for values in cases.values], dtype=np.int64)
    target = "class" if cases.kind == "classification" else "target"
    labels = pl.Series(target, cases.targets)
    parsed = ParsedSequences(np.concatenate(cases.values), lengths, names, channels, target, labels, cases.kind)
    if cases.timed is None:
        return parsed
    steps = cases.timed
    return replace(parsed, spacing=steps.spacing(), ranks=steps.ranks_in_time(), notes=steps.notes)


def parse(source: Source, answered: bool = True) -> Cases:
    """The cases. answered: each has its target; else a target is not looked at, where the header says there is one."""
    header, body = _lines(source)
    kind = _kind(source, header) if answered else None
    last = answered or any(header.get(name, "").startswith("true") for name in ("classlabel", "targetlabel"))
    stamps: list[list[str]] = []
    stamped = header.get("timestamps", "false") == "true"
    if not body:
        raise BadData(f"{source.name} has no cases after @data", fix="give a file that holds data")
    cases = Cases([], [], [line for line, _ in body], kind)
    for line, content in body:
        content = content if last else f"{content}:?"
        if stamped:
            dimensions, times, target = stamped_case(source, line, content)
            stamps.append(times)
        else:
            *dimensions, target = content.split(":")
        cases.values.append(_case(source, line, dimensions))
        if answered:
            cases.targets.append(_target(source, line, target.strip()))
        if cases.values[-1].shape[1] != cases.values[0].shape[1]:
            raise BadData(
                f"line {line} of {source.name} has another number of dimensions than line {body[0][0]}",
                allowed=cases.values[0].shape[1],
                got=cases.values[-1].shape[1],
                fix="separate dimensions by ':', the target last",
            )
    return replace(cases, timed=timed(source, stamps, cases.lines)) if stamped else cases


def _target(source: Source, line: int, word: str) -> str:
    if word in ("", "?"):
        raise BadData(f"line {line} of {source.name} has no target", fix="fill it in, or remove the line")
    return word


def _lines(source: Source) -> tuple[dict[str, str], list[tuple[int, str]]]:
    try:
        lines = re.split(r"\r\n|\r|\n", source.data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadData(f"{source.name} is not text", fix="save it as UTF-8") from error
    kept = [(n, line.strip()) for n, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    at = next((i for i, (_, line) in enumerate(kept) if line.lower() == "@data"), None)
    if at is None:
        raise BadData(f"{source.name} has no @data line", fix="is it a .ts file of the UEA archive?")
    return dict(_field(source, *entry) for entry in kept[:at] if entry[1].startswith("@")), kept[at + 1 :]


def _field(source: Source, number: int, line: str) -> tuple[str, str]:
    name, *value = line[1:].lower().split(None, 1) or [""]
    if not name:
        raise BadData(f"line {number} of {source.name} has no word after '@'", fix="complete it, or remove the line")
    return name, "".join(value)


def _kind(source: Source, header: dict[str, str]) -> TargetKind:
    if header.get("classlabel", "false").startswith("true"):
        return "classification"
    if header.get("targetlabel", "false").startswith("true"):
        return "regression"
    raise BadData(
        f"{source.name} has no target",
        allowed="@classLabel true ... or @targetLabel true in its header",
        fix="add the targets",
    )


def _case(source: Source, line: int, dimensions: list[str]) -> Floats:
    columns = [_values(source, line, place, text) for place, text in enumerate(dimensions, 1)]
    if not columns or len({len(column) for column in columns}) > 1:
        raise BadData(
            f"the dimensions in line {line} of {source.name} are not equally long",
            got=", ".join(str(len(column)) for column in columns) or "no dimension before the target",
            fix="pad the shorter with '?'",
        )
    return np.stack(columns, axis=1)


def _values(source: Source, line: int, place: int, text: str) -> Floats:
    words = text.replace("?", "nan").split(",")
    try:
        values = np.array(words, dtype=np.float64)
    except ValueError as error:
        raise BadData(
            f"line {line} of {source.name} holds text in dimension {place}",
            allowed="numbers separated by ',', '?' where missing",
            got=str(error).rsplit(":", 1)[-1].strip(),
            fix="correct it",
        ) from error
    if np.isinf(values).any():
        raise BadData(
            f"line {line} of {source.name} holds an infinite value in dimension {place}",
            allowed="finite numbers",
            fix="correct it, or write '?' if the value is missing",
        )
    return values
