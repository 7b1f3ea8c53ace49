"""The table of contenders, one for each condition, with the baseline as its last row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from carousel.common.names import FAMILY_OF_CELL, TRANSFORMER
from carousel.common.pages.numbers import MISSING, count, fixed, interval, rate
from carousel.common.texts import text
from carousel.experiments.columns import LONGER
from carousel.experiments.report.names import condition_name, conditions
from carousel.experiments.report.page.view import Table
from carousel.experiments.report.tables.contenders import Summary, summaries
from carousel.experiments.report.tables.rivals import RivalSummary
from carousel.experiments.runner.plan import Plan


def result_tables(
    plan: Plan, summary: pl.DataFrame, lang: str, beside: Mapping[str, list[RivalSummary]] | None = None
) -> tuple[Table, ...]:
    """From `contenders.summarise`, and by condition the simple methods."""
    tables, said = [], set[str]()
    for c in conditions(plan):
        rows = summaries(summary.filter(pl.col("condition") == c.key))
        simple = (beside or {}).get(c.key, [])
        table, notes = _table(rows, simple, condition_name(plan, c, lang), lang), _notes(rows, lang)
        notes += [text("report.table.rivals_note", lang)] if simple else []
        tables.append(replace(table, notes=(*_named(rows, lang), *(note for note in notes if note not in said))))
        said |= set(notes)
    return tuple(tables)


def _table(rows: list[Summary], simple: list[RivalSummary], title: str, lang: str) -> Table:
    names = _columns(rows)
    limit = {"steps": count(rows[0].step_limit)}
    baseline = next((row.baseline for row in rows if row.baseline is not None), None)
    lines = [tuple(_cell(row, name) for name in names) for row in rows]
    lines += [tuple(_simple(row).get(name, "") for name in names) for row in simple]
    last = {"contender": text("report.table.baseline", lang), "score": fixed(baseline)}
    return Table(
        title=title,
        headers=tuple(text(f"report.table.{name}", lang, **limit) for name in names),
        rows=(*lines, tuple(last.get(name, "") for name in names)),
        numeric=frozenset(range(1, len(names))),
        quiet=frozenset({len(lines)}),
    )


def _simple(row: RivalSummary) -> dict[str, str]:
    """The cells of a simple method; a network's own it has none of."""
    return {
        "contender": f"{row.rival} ({row.setting})" if row.setting else row.rival,
        "score": fixed(row.score),
        "interval": interval(row.low, row.high),
        "rmse": MISSING if row.rmse is None else fixed(row.rmse),
        "seconds": fixed(row.seconds, 1),
        "trials": count(row.trials),
    }


def _columns(rows: list[Summary]) -> list[str]:
    """Solved-rate first where the source has one; the interval belongs to the column before it. The state's size
    is shown where contenders differ in more than a small factor of it: with a Transformer. Without a diverged trial
    there is no column of them, so that the table fits a laptop."""
    solved = any(row.solved is not None for row in rows)
    longer = [name for name in LONGER if any(getattr(row, name) is not None for row in rows)]
    result = ["solved", "interval", "score", *longer, "steps_to_solved"] if solved else ["score", "interval", *longer]
    optional = [name for name in ("rmse",) if any(getattr(row, name) is not None for row in rows)]
    deep = ["layers"] if any(row.layers > 1 for row in rows) else []
    state = ["state_bits"] if _has_transformer(rows) else []
    lost = ["diverged"] if any(row.diverged for row in rows) else []
    ending = ["learning_rate", "rates_tried", "parameters", "hidden", *deep, *state, "seconds", "trials", *lost]
    return ["contender", *result, *optional, *ending]


def _has_transformer(rows: list[Summary]) -> bool:
    return any(row.family == FAMILY_OF_CELL[TRANSFORMER] for row in rows)


def _cell(row: Summary, name: str) -> str:
    if name == "contender":
        return row.contender
    if name == "interval":
        by_score = row.score_low, row.score_high
        return interval(*(by_score if row.solved is None else (row.solved_low, row.solved_high)))
    if name == "solved":
        return MISSING if row.solved is None else f"{row.solved} / {row.trials}"
    value = getattr(row, name)
    if value is None:
        return MISSING
    if name == "learning_rate":
        return rate(value)
    if name in {"score", "rmse", *LONGER}:
        return fixed(value)
    return fixed(value, 1) if name == "seconds" else count(round(value))


def _named(rows: list[Summary], lang: str) -> list[str]:
    """What is said of some contenders of this table."""
    named = {
        "untried": [row.contender for row in rows if not row.trials],
        "at_edge": [f"{row.contender} ({_cell(row, 'learning_rate')})" for row in rows if row.rate_at_edge],
    }
    return [text(f"report.table.{name}", lang, names=", ".join(who)) for name, who in named.items() if who]


def _notes(rows: list[Summary], lang: str) -> list[str]:
    """What its columns mean, below the first table that has them."""
    notes = [text("report.table.rates_note", lang)] if any(row.rates_tried for row in rows) else []
    if any(row.diverged for row in rows):
        notes.append(text("report.table.diverged_note", lang))
    if any(getattr(row, name) is not None for row in rows for name in LONGER):
        notes.append(text("report.table.longer_note", lang))
    if _has_transformer(rows):
        notes.append(text("report.table.transformer_note", lang))
    return notes
