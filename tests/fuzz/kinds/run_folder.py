"""A run folder of which one or two files were changed, read, judged and put into words as `carousel report` does."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import polars as pl
import tomli_w

from carousel.common.texts import LANGUAGES
from carousel.experiments.conclusion import load_run
from carousel.experiments.data import Prepared
from carousel.experiments.finalise import finalise
from carousel.experiments.judgement import judge
from carousel.experiments.report import writing
from carousel.experiments.report.figures import Drawing, all_figures
from carousel.experiments.report.figures.base import Figure
from carousel.experiments.report.figures.both import Both
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.planning import replan
from carousel.experiments.training.rules import digest_of
from tests.fuzz import bases
from tests.fuzz.mutate import mutated_bytes, mutated_value, value


def run_folder(draw: Random, folder: Path) -> None:
    """What `report`, `verdicts`, `load_run` and `compare --plan` read of a run."""
    whole = bases.contents(draw.choice(("task", "file")))
    for name, content in whole.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    for name in {draw.choice(_weighted(whole)): None for _ in range(draw.choice((1, 1, 1, 2)))}:
        _change(folder, name, draw)
    _read(folder, draw)


def _weighted(whole: dict[str, bytes]) -> list[str]:
    tables = [name for name in whole if name.startswith(("flow/", "trials/"))]
    return [name for name in bases.CONTENTS if name in whole] * 2 + ["plan.toml", *["ledger.sqlite"] * 4, *tables[::6]]


def _read(folder: Path, draw: Random) -> None:
    how = draw.random()
    if how < 0.15:
        replan(folder)
    elif how < 0.2:
        Prepared.load(folder / "data.npz")
    elif how < 0.6:
        _look_at(folder)
    else:
        evidence = load_evidence(folder)
        judge(evidence)
        if how > 0.97:
            _report(evidence, draw)


def _report(evidence: Evidence, draw: Random) -> None:
    """Written with one of the figures, which is not rendered: all of them take seconds."""
    with (
        patch.object(writing, "all_figures", lambda *known: [draw.choice(all_figures(*known))]),
        patch.object(writing, "drawing", _described),
    ):
        finalise(evidence)


def _described(figure: Figure) -> Drawing:
    """Its description is made, and no picture."""
    figure.draw(Both())
    return Drawing(dict.fromkeys(LANGUAGES, "<svg/>"), "", dict.fromkeys(LANGUAGES, ("<svg/>",)))


def _look_at(folder: Path) -> None:
    conclusion = load_run(folder)
    conclusion.curves()
    conclusion.contenders.to_dicts()
    for lang in ("en", "zh"):
        shown = load_run(folder, lang)
        str(shown.advice), repr(shown), shown._repr_html_()


def _change(folder: Path, name: str, draw: Random) -> None:
    path = folder / name
    how = draw.random()
    if how < 0.03:
        path.unlink()
    elif how < 0.3:
        path.write_bytes(mutated_bytes(path.read_bytes(), draw))
    elif name == "plan.toml":
        path.write_bytes(_toml(tomllib.loads(path.read_text()), draw))
    elif name == "ledger.sqlite":
        _change_ledger(path, draw)
    elif name.endswith(".json"):
        changed = mutated_value(json.loads(path.read_text()), draw)
        path.write_bytes(json.dumps(changed).encode("utf-8", "surrogatepass"))
    elif name.endswith(".parquet"):
        _change_table(path, draw)
    else:
        path.write_bytes(mutated_bytes(path.read_bytes(), draw))


def _toml(plan: dict[str, Any], draw: Random) -> bytes:
    changed = mutated_value(plan, draw)
    try:
        return tomli_w.dumps(changed).encode("utf-8", "surrogatepass")
    except (TypeError, AttributeError, ValueError, RecursionError):  # what TOML has no words for, such as None
        return mutated_bytes(tomli_w.dumps(plan).encode(), draw)


def _change_ledger(path: Path, draw: Random) -> None:
    """A record or a description changed; the description's name goes with it, so that it is looked at."""
    db = sqlite3.connect(path)
    entries = db.execute("SELECT hash, description, record FROM jobs").fetchall()
    everywhere = draw.random() < 0.3
    seed = draw.random()
    for name, description, record in entries if everywhere else [draw.choice(entries)]:
        own = Random(seed) if everywhere else draw
        if own.random() < 0.6:
            changed = json.dumps(mutated_value(json.loads(record), own))
            db.execute("UPDATE jobs SET record=? WHERE hash=?", (_storable(changed), name))
        else:
            about = mutated_value(json.loads(description), own)
            new = digest_of(about) if isinstance(about, dict) else name
            db.execute("UPDATE OR IGNORE jobs SET description=?, hash=? WHERE hash=?", (json.dumps(about), new, name))
    if draw.random() < 0.2:
        column = draw.choice(("position", "kind", "attempts", "record", "description", "hash", "error", "finished"))
        odd = draw.choice((0, -1, 1.5, "text", b"\xff\xfe", "{}", "[]", "null"))
        db.execute(f"UPDATE OR IGNORE jobs SET {column}=? WHERE hash=?", (odd, draw.choice(entries)[0]))
    db.commit()
    db.close()


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _change_table(path: Path, draw: Random) -> None:
    frame = pl.read_parquet(path)
    name = draw.choice(frame.columns)
    odd = value(draw)
    content = (
        odd
        if isinstance(odd, bool | int | float) and abs(odd) < 2**62
        else str(odd).encode("utf-8", "replace").decode()
    )
    changed = draw.choice((
        lambda: frame.drop(name), lambda: frame.clear(), lambda: pl.concat([frame, frame]), lambda: frame.reverse(),
        lambda: frame.with_columns(pl.Series(name, [content] * frame.height, strict=False)),
        lambda: frame.with_columns(pl.when(pl.int_range(pl.len()) == 1).then(None).otherwise(pl.col(name)).alias(name)),
        lambda: frame.with_columns(pl.col(name).cast(pl.String)), lambda: frame.rename({name: "other"}),
    ))()  # fmt: skip
    changed.write_parquet(path)
