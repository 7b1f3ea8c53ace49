"""The verdicts as cards, from verdicts.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carousel.common.pages.numbers import MISSING, count
from carousel.common.texts import catalogue, text
from carousel.experiments.claims import all_claims
from carousel.experiments.report.page.forest_plot import forest_plot
from carousel.experiments.report.page.format import limits, significant
from carousel.experiments.report.page.view import Anchor, Card, FigureView, Link, Table

EVIDENCE = "tables/evidence.csv"
Verdict = Mapping[str, Any]


def cards(verdicts: Mapping[str, Any], figures: Sequence[FigureView], lang: str) -> tuple[Card, ...]:
    """One card a claim, in the order of the judgement; figures: those of the page."""
    drawn = {figure.name: figure for figure in figures if figure.svg}
    shown = {claim.id: drawn[claim.figure] for claim in all_claims() if claim.figure in drawn}
    changes = verdicts.get("would_change") or {}
    return tuple(
        _card(claim, changes.get(claim["id"]) or {}, shown.get(claim["id"]), lang) for claim in verdicts["claims"]
    )


def _card(claim: Verdict, change: Mapping[str, str], figure: FigureView | None, lang: str) -> Card:
    rows = claim["conditions"]
    paragraphs = _paragraphs(claim["id"], change.get(lang), lang)
    files = len(claim.get("evidence", ()))
    return Card(
        id=claim["id"],
        title=_known(f"claims.{claim['id']}.title", lang) or claim["id"],
        statement=claim["statement"][lang],
        verdict=claim["verdict"],
        word=word(claim["verdict"], lang),
        effect=_effect(claim, lang),
        because=claim["because"][lang],
        details=_opening(rows, paragraphs, lang),
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


def _opening(rows: list[Verdict], paragraphs: tuple[tuple[str, str], ...], lang: str) -> str:
    if rows:
        return text("report.verdict.show", lang, count=count(len(rows)))
    return text("report.verdict.show_rule", lang) if paragraphs else ""


def _paragraphs(claim: str, change: str | None, lang: str) -> tuple[tuple[str, str], ...]:
    """What is measured and what is not, the rule, and what would change the verdict; as far as the claim has them."""
    found = {
        "measured": _known(f"claims.{claim}.measures", lang),
        "unmeasured": _known(f"claims.unmeasured.{claim}", lang),
        "rule": _known(f"claims.{claim}.rule", lang),
        "change": change,
    }
    return tuple((text(f"report.verdict.{label}", lang), says) for label, says in found.items() if says)


def _effect(claim: Verdict, lang: str) -> str:
    """ "slope, LSTM minus RNN: 0.522 nats per step · 95 % interval [0.513, 0.532] · n = 10"."""
    effect = claim.get("effect") or {}
    if effect.get("value") is None:
        return text("report.verdict.no_effect", lang)
    shown = significant(effect["value"])
    parts = [
        text("report.verdict.effect", lang, name=_name(effect, lang), value=shown, unit=_unit(effect, lang)).strip(),
        text("report.verdict.interval", lang, interval=limits(effect["ci95"])),
        text("report.verdict.n", lang, n=count(claim["n"])),
    ]
    return " · ".join(parts)


def _conditions(rows: list[Verdict], lang: str) -> Table:
    effects = [row.get("effect") or {} for row in rows]
    ends = [effect.get("ci95") or (None, None) for effect in effects]
    values = [effect.get("value") for effect in effects]
    several = len({effect.get("name") for effect in effects}) > 1
    needed = any(row.get("seeds_needed") for row in rows)
    heads = ["where", *(["what"] if several else []), "value", "limits", "seeds", "word", "reason"]
    heads += ["seeds_needed"] if needed else []
    lines = [_line(row, effect, several, lang)[: len(heads)] for row, effect in zip(rows, effects, strict=True)]
    return Table(
        headers=tuple(text(f"report.verdict.{head}", lang) for head in heads),
        rows=tuple(lines),
        numeric=frozenset(i for i, head in enumerate(heads) if head in {"value", "limits", "seeds", "seeds_needed"}),
        strong=frozenset(i for i, row in enumerate(rows) if row.get("best") and row.get("decides", True)),
        quiet=frozenset(i for i, row in enumerate(rows) if not row.get("decides", True)),
        words=frozenset({heads.index("word")}),
        verdicts=tuple(row["verdict"] for row in rows),
        forest_plot=() if several else forest_plot([(v, *end) for v, end in zip(values, ends, strict=True)]),
        notes=_notes(rows, lang),
    )


def _line(row: Verdict, effect: Verdict, several: bool, lang: str) -> tuple[str, ...]:
    needed = row.get("seeds_needed")
    return (
        _where(row, lang),
        *([_name(effect, lang)] if several else []),
        significant(effect.get("value")),
        limits(effect.get("ci95") or (None, None)),
        count(row["n"]) if "n" in row else MISSING,
        word(row["verdict"], lang),
        _known(f"claims.reasons.{row.get('reason')}", lang) or row.get("reason") or "",
        count(needed) if needed else "",
    )


def _where(row: Verdict, lang: str) -> str:
    """Where; and when, unless it was before training, as the rule asks."""
    moment = row.get("moment")
    if moment not in ("early", "end"):
        return str(row["where"])
    return text(f"report.verdict.{moment}", lang, where=row["where"])


def _notes(rows: list[Verdict], lang: str) -> tuple[str, ...]:
    marked = any(row.get("best") or not row.get("decides", True) for row in rows)
    return (text("report.verdict.best", lang),) if marked else ()


def _name(effect: Verdict, lang: str) -> str:
    name = effect.get("name") or ""
    return _known(f"claims.effects.{name}", lang) or name


def _unit(effect: Verdict, lang: str) -> str:
    unit = effect.get("unit") or ""
    found = _known(f"claims.units.{unit}", lang)
    return unit if found is None else found


def _known(key: str, lang: str) -> str | None:
    """A text of the claims, or None: a judgement may be newer than this catalogue, and is shown all the same."""
    return catalogue(lang).get(key)
