"""The first screen in one language, for the page, for Markdown and for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from carousel.common.pages.numbers import count
from carousel.common.texts import text
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.verdicts_json import Judgement
from carousel.experiments.report.first.answer import Standings, answer, standings
from carousel.experiments.report.first.confusion_picture import confusion_picture
from carousel.experiments.report.first.forecast_pictures import ahead_picture, forecast_picture
from carousel.experiments.report.first.happened_picture import happened_picture
from carousel.experiments.report.first.kept_picture import kept_picture
from carousel.experiments.report.first.past import past
from carousel.experiments.report.first.plain_names import listed, task
from carousel.experiments.report.first.scatter_picture import scatter_picture
from carousel.experiments.report.first.second_voice import Voice, voices
from carousel.experiments.report.first.splits_picture import splits_picture
from carousel.experiments.report.first.verdict_lines import Line, lines
from carousel.experiments.report.first.words import say
from carousel.experiments.report.names import files
from carousel.experiments.results.answered import Answers, answers_of
from carousel.experiments.results.evidence import Evidence

_COMMANDS = {
    "own": "carousel compare your.csv --target label --group id --order time",
    "predict": "carousel predict . new.csv",
    "lab": "carousel lab .",
}
_NEXT = {False: ("lab", "own"), True: ("predict", "lab")}  # by whether the run is of a file
_NAMED = 4  # tasks that the head of the page names one by one


@dataclass(frozen=True)
class Picture:
    """A small SVG with its heading and what to read from it."""

    svg: str
    title: str
    caption: str


@dataclass(frozen=True)
class Step:
    """What to do next, and the command for it."""

    text: str
    command: str


@dataclass(frozen=True)
class FirstScreen:
    """title: the question. about: on what. use, why: sentences. code: the advised contender as commands take it, in
    brackets; empty where none is advised. pictures: what was answered, why, and what happened. missing: why answers are
    not drawn, of a file. lines: one a claim. next: what to do now."""

    title: str
    about: str
    use: tuple[str, ...]
    why: tuple[str, ...]
    code: str
    pictures: tuple[Picture, ...]
    missing: str
    lines: tuple[Line, ...]
    next: tuple[Step, ...]


def first_screen(
    evidence: Evidence, judgement: Judgement, lang: str, beside: Mapping[str, Voice] | None = None
) -> FirstScreen:
    """From a judged run. beside: by claim, the second voice; of built-in tasks the package's where none is given."""
    plan = evidence.plan
    of_files = sorted(files(plan))
    found = standings(evidence, judgement)
    told = answer(found, lang)
    heard = {} if of_files else voices() if beside is None else beside
    history = past(Results(evidence), found.chosen.spec, lang) if found.chosen and of_files else None
    answers = answers_of(evidence, answered_by(judgement))
    answered = () if answers is None else answers_pictures(answers, lang)
    return FirstScreen(
        title=text("first.page.title_file", lang, name=of_files[0]) if of_files else text("report.page.title", lang),
        about=_about(evidence, lang),
        use=told.use if history is None else (*told.use, history),
        why=told.why,
        code=text("first.page.code", lang, code=told.code) if told.code else "",
        pictures=(*answered, *_pictures(evidence, found, lang)),
        missing=_missing(evidence, lang) if of_files and not answered else "",
        lines=lines(plan, judgement, heard, lang),
        next=tuple(Step(say(f"first.next.{key}", lang), _COMMANDS[key]) for key in _NEXT[bool(of_files)]),
    )


def answered_by(judgement: Judgement) -> str | None:
    """The network whose answers are shown: the advised one, else the best."""
    best = None if judgement.skill is None else judgement.skill.network
    return judgement.recommended or best


def answers_pictures(answers: Answers, lang: str) -> tuple[Picture, ...]:
    """What was answered on the test part, by the kind of the file; none where no answer is finite."""
    if answers.spread.is_empty():
        return ()
    if answers.kind == "classification":
        return (Picture(*confusion_picture(answers, lang)),)
    if answers.kind == "regression":
        return (Picture(*scatter_picture(answers, lang)),)
    drawn = (forecast_picture(answers, lang), ahead_picture(answers, lang))
    return tuple(Picture(*each) for each in drawn if each)


def _missing(evidence: Evidence, lang: str) -> str:
    rolls = evidence.card is not None and evidence.card["kind"] == "piano-roll"
    return say(f"first.answers.{'rolls' if rolls else 'missing'}", lang)


def _about(evidence: Evidence, lang: str) -> str:
    plan, trials = evidence.plan, count(evidence.trials.height)
    if files(plan):
        return text("first.page.about_file", lang, trials=trials)
    kinds = {source.built_in for source in plan.sources if source.kind == "task"}
    if len(kinds) > _NAMED:
        return say("first.page.about_many", lang, tasks=len(kinds), trials=trials)
    named = listed((task(plan, source.name, lang) for source in plan.sources), lang)
    return say("first.page.about", lang, tasks=named, trials=trials)


def _pictures(evidence: Evidence, found: Standings, lang: str) -> tuple[Picture, ...]:
    why = kept_picture(evidence.plan, found.reason, lang) if found.reason else None
    beside = splits_picture(found.ranked, found.made, Results(found.alike).rivals, lang)
    drawn = (beside, why, happened_picture(_said(found), lang))
    return tuple(Picture(*each) for each in drawn if each)


def _said(found: Standings) -> Evidence:
    """The trainings that the answer speaks of: of the conditions and seeds that all the networks compared have."""
    compared = {condition for each in found.ranked for condition, _ in each.trials}
    if not compared:
        return found.alike
    return replace(found.alike, trials=found.alike.trials.filter(pl.col("condition").is_in(compared)))
