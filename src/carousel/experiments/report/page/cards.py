"""The verdicts as cards."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from carousel.common.pages.numbers import MINUS, MISSING, count, fixed
from carousel.common.texts import catalogue, text
from carousel.experiments.claims import all_claims
from carousel.experiments.decision.statistics.interval import UNBOUNDED, Interval
from carousel.experiments.decision.verdict import Effect, Row, Verdict
from carousel.experiments.decision.verdicts_json import Judgement
from carousel.experiments.decision.wording import number
from carousel.experiments.report.page.forest_plot import forest_plot
from carousel.experiments.report.page.view import Anchor, Card, FigureView, Link, Table

EVIDENCE = "tables/evidence.csv"


def cards(judgement: Judgement, figures: Sequence[FigureView], lang: str) -> tuple[Card, ...]:
    """One card a claim, in the order of the judgement; figures: those of the page."""
    drawn = {figure.name: figure for figure in figures if figure.panels}
    shown = {claim.id: drawn[claim.figure] for claim in all_claims() if claim.figure in drawn}
    changes = {claim: change[lang] for claim, change in judgement.would_change.items() if change}
    return tuple(_card(v, changes.get(v.claim), shown.get(v.claim), lang) for v in judgement.verdicts)


def _card(verdict: Verdict, change: str | None, figure: FigureView | None, lang: str) -> Card:
    rows = verdict.rows
    paragraphs = _paragraphs(verdict.claim, change, lang)
    files = len(verdict.evidence)
    return Card(
        id=verdict.claim,
        title=text(f"claims.{verdict.claim}.title", lang),
        statement=verdict.statement[lang],
        verdict=verdict.verdict,
        word=word(verdict.verdict, lang),
        effect=_effect(verdict, lang),
        because=verdict.because[lang],
        details=_opening(rows, lang),
        paragraphs=paragraphs,
        conditions=_conditions(rows, lang) if rows else None,
        evidence=Link(EVIDENCE, text("report.verdict.evidence", lang, count=count(files))) if files else None,
        figure=_anchor(figure, lang) if figure and rows else None,
    )


def _anchor(figure: FigureView, lang: str) -> Anchor:
    shown = text("report.verdict.figure", lang, number=figure.number, title=figure.title)
    return Anchor(f"{figure.name}-figure-{lang}", shown)


def word(verdict: str, lang: str) -> str:
    """The verdict in words: "supported", "inconclusive", "not tested"."""
    return text(f"claims.verdicts.{verdict}", lang)


def _opening(rows: Sequence[Row], lang: str) -> str:
    if rows:
        return text("report.verdict.show", lang, count=count(len(rows)))
    return text("report.verdict.show_rule", lang)


def _paragraphs(claim: str, change: str | None, lang: str) -> tuple[tuple[str, str], ...]:
    """What is measured and what is not, the rule, and what would change the verdict; as far as the claim has them."""
    found = {
        "measured": text(f"claims.{claim}.measures", lang),
        "unmeasured": catalogue(lang).get(f"claims.unmeasured.{claim}"),
        "rule": text(f"claims.{claim}.rule", lang),
        "change": change,
    }
    return tuple((text(f"report.verdict.{label}", lang), says) for label, says in found.items() if says)


def _effect(verdict: Verdict, lang: str) -> str:
    """ "slope, LSTM minus RNN: 0.522 nats per step · 95 % interval [0.513, 0.532] · n = 10"."""
    effect = verdict.effect
    if effect.value is None:
        return text("report.verdict.no_effect", lang)
    unit = text(f"claims.units.{effect.unit}", lang)
    named = {"name": _name(effect, lang), "value": significant(effect.value), "unit": unit}
    parts = [
        text("report.verdict.effect", lang, **named).strip(),
        text("report.verdict.interval", lang, interval=limits(effect.ci95)),
        text("report.verdict.n", lang, n=count(verdict.n)),
    ]
    return " · ".join(parts)


def _conditions(rows: Sequence[Row], lang: str) -> Table:
    several = len({row.effect.name for row in rows}) > 1
    needed = any(row.seeds_needed for row in rows)
    heads = ["where", *(["what"] if several else []), "value", "limits", "seeds", "word", "reason"]
    heads += ["seeds_needed"] if needed else []
    return Table(
        headers=tuple(text(f"report.verdict.{head}", lang) for head in heads),
        rows=tuple(_line(row, several, lang)[: len(heads)] for row in rows),
        numeric=frozenset(i for i, head in enumerate(heads) if head in {"value", "limits", "seeds", "seeds_needed"}),
        strong=frozenset(i for i, row in enumerate(rows) if row.best and row.decides),
        quiet=frozenset(i for i, row in enumerate(rows) if not row.decides),
        words=frozenset({heads.index("word")}),
        verdicts=tuple(row.verdict for row in rows),
        forest_plot=() if several else forest_plot([row.effect for row in rows]),
        notes=_notes(rows, lang),
    )


def _line(row: Row, several: bool, lang: str) -> tuple[str, ...]:
    return (
        _where(row, lang),
        *([_name(row.effect, lang)] if several else []),
        significant(row.effect.value),
        limits(row.effect.ci95),
        count(row.n),
        word(row.verdict, lang),
        text(f"claims.reasons.{row.reason}", lang),
        count(row.seeds_needed) if row.seeds_needed else "",
    )


def _where(row: Row, lang: str) -> str:
    """Where; and when, unless it was before training, as the rule asks."""
    moment = row.details.get("moment")
    if moment not in ("early", "end"):
        return row.where
    return text(f"report.verdict.{moment}", lang, where=row.where)


def _notes(rows: Sequence[Row], lang: str) -> tuple[str, ...]:
    marked = any(row.best or not row.decides for row in rows)
    return (text("report.verdict.best", lang),) if marked else ()


def _name(effect: Effect, lang: str) -> str:
    return text(f"claims.effects.{effect.name}", lang)


def significant(value: float | None) -> str:
    """Three significant digits, the same digits as in the sentences of the verdicts."""
    if value is None or not math.isfinite(value):
        return fixed(value)
    return re.sub(r"e([+-])0*", r"e\1", number(value)).replace("e+", "e").replace("-", MINUS)


def limits(interval: Interval) -> str:
    """An effect's 95 % interval; an end without a limit is infinite, none at all a dash."""
    if interval == UNBOUNDED:
        return MISSING
    return f"[{significant(interval.low)}, {significant(interval.high)}]"
