"""From the numbers to what page and Markdown show, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from carousel.common.pages.numbers import MISSING, count
from carousel.common.texts import text
from carousel.experiments.data.card import Card
from carousel.experiments.data.prepare.card_text import card_lines
from carousel.experiments.decision.verdicts_json import Judgement
from carousel.experiments.report.figures import Drawing, Figure
from carousel.experiments.report.first import first_screen
from carousel.experiments.report.page.cards import cards
from carousel.experiments.report.page.legend import legend
from carousel.experiments.report.page.results import result_tables
from carousel.experiments.report.page.scores import score_table
from carousel.experiments.report.page.settings import environment_table, plan_table, thresholds_table
from carousel.experiments.report.page.view import FigureView, Link, Page, Table
from carousel.experiments.report.tables.rivals import rival_summaries
from carousel.experiments.results.answered import Answers
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.runner.plan import Plan

FILES = {
    "plan.toml": "plan",
    "ledger.sqlite": "ledger",
    "trials/": "trials",
    "verdicts.json": "verdicts",
    "environment.json": "environment",
    "report.md": "markdown",
    "tables/": "tables",
    "figures/": "figures",
}


@dataclass(frozen=True)
class Material:
    """All that a report is made of. `drawings`: of each measured figure, by its name. `answers`: of a user's file."""

    evidence: Evidence
    judgement: Judgement
    summary: pl.DataFrame
    figures: list[Figure]
    drawings: Mapping[str, Drawing]
    answers: Answers | None


def page(material: Material, lang: str) -> Page:
    """The whole report in `lang`."""
    evidence, judgement = material.evidence, material.judgement
    figures = tuple(_figure(f, i, material, lang) for i, f in enumerate(material.figures, start=1))
    version = str(evidence.environment.get("packages", {}).get("carousel-rnn", MISSING))
    return Page(
        lang=lang,
        first=first_screen(evidence, judgement, lang),
        facts=_facts(evidence, lang),
        machines=_machines(evidence, lang),
        advice=judgement.advice[lang],
        made_by=text("report.page.made_by", lang, version=version),
        calibration=judgement.calibration[lang],
        data=_card_lines(evidence.card, lang),
        classes=_class_table(evidence.card, lang),
        scores=score_table(material.answers, lang),
        cards=cards(judgement, figures, lang),
        figures=figures,
        contenders=result_tables(evidence.plan, material.summary, lang, rival_summaries(evidence)),
        settings=plan_table(evidence.plan, lang),
        thresholds=thresholds_table(judgement.thresholds, lang),
        environment=environment_table(evidence.environment, lang),
        files=tuple(Link(href, text(f"report.file.{key}", lang)) for href, key in FILES.items()),
    )


def _facts(evidence: Evidence, lang: str) -> str:
    plan: Plan = evidence.plan
    return text(
        "report.page.facts",
        lang,
        sources=", ".join(source.name for source in plan.sources),
        contenders=count(len(plan.specs)),
        conditions=count(len(plan.conditions())),
        seeds=_seeds(plan),
        trials=count(evidence.trials.height),
        budget=plan.budget,
    )


def _machines(evidence: Evidence, lang: str) -> str:
    """Where jobs were done on machines that may round otherwise; "" where all were of one kind."""
    kinds = [kind for kind, _ in evidence.machines]
    if len(kinds) < 2:
        return ""
    differ = [name for name in kinds[0] if name == "processor" or len({kind.get(name) for kind in kinds}) > 1]
    shown = "; ".join(
        ", ".join(kind.get(name, MISSING) for name in differ) + f": {count(jobs)}" for kind, jobs in evidence.machines
    )
    return text("report.page.machines", lang, kinds=count(len(kinds)), shown=shown)


def _seeds(plan: Plan) -> str:
    """With how many all begin, and up to how many where verdicts were open."""
    return " – ".join(count(seeds) for seeds in sorted({plan.first_analysis, plan.last_analysis}))


def _card_lines(card: Card | None, lang: str) -> tuple[str, ...]:
    """What is in the file and what was done to it; nothing for built-in tasks. Classes have their own table."""
    if card is None:
        return ()
    return tuple(card_lines({**card, "classes": None}, lang))


def _class_table(card: Card | None, lang: str) -> Table | None:
    """How many sequences of each class each part holds."""
    if card is None or not card["classes"]:
        return None
    return Table(
        title=text("report.data.classes", lang),
        headers=tuple(text(f"report.data.{name}", lang) for name in ("class", "training", "validation", "test")),
        rows=tuple((str(c["name"]), *map(count, (c["training"], c["validation"], c["test"]))) for c in card["classes"]),
        numeric=frozenset({1, 2, 3}),
    )


def _figure(figure: Figure, number: int, material: Material, lang: str) -> FigureView:
    drawn = material.drawings.get(figure.name)
    return FigureView(
        name=figure.name,
        number=text("report.figure.number", lang, number=number),
        title=figure.text("title", lang),
        caption=figure.caption(lang),
        missing=figure.text("missing", lang),
        panels=drawn.panels[lang] if drawn else (),
        legend=legend(figure.setting.looks, figure.key),
        picture=f"figures/{figure.name}.{lang}.svg",
        rows=f"tables/{figure.name}.csv",
        notes=tuple(figure.notes(lang)),
    )
