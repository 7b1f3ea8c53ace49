"""The model card: README.md of the folder that is taken away (Mitchell et al. 2019), README.zh.md in Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from carousel.common.pages.numbers import fixed, interval
from carousel.common.texts import text
from carousel.experiments.data.card import Card
from carousel.experiments.data.prepare.card_text import card_lines
from carousel.experiments.data.prepare.own_units import own_columns
from carousel.experiments.report.tables.contenders import Summary, summaries, summarise
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.refitted import Refitted
from carousel.experiments.training.description import Trial

_MOST_HALVES = 4  # that are listed
_ON_FILE = """```
carousel predict best NEW_FILE --out predictions.csv
carousel export best --to onnx   # or c, verilog, torch
carousel serve best
```
"""
_IN_PYTHON = """```python
import carousel

network, task = carousel.load_best("best")
batch = task.held_out("test")
answers = network(batch.x, batch.lengths)
```"""


def model_card(evidence: Evidence, trial: Trial, again: Refitted | None, recommended: str | None, lang: str) -> str:
    """As Markdown. trial: the best of the contender whose network is taken. again: its training on all data."""
    sections = [
        ("", [*_question(evidence.card, trial, lang), _advised(trial, recommended, lang)]),
        ("training", _training(evidence, trial, again, lang)),
        ("data", [] if evidence.card is None else [f"- {line}" for line in card_lines(evidence.card, lang)]),
        ("scores", _scores(evidence, trial, lang)),
        ("coverage", _coverage(evidence, again, lang)),
        ("limits", [f"- {line}" for line in _limits(evidence, trial, lang)]),
        ("use", [*([] if evidence.card is None else [_ON_FILE]), _IN_PYTHON]),
    ]
    title = _say("title", lang, spec=trial.contender.spec, source=trial.source.name)
    told = [f"# {title}", *(_section(name, lines, lang) for name, lines in sections if lines), _say("report", lang)]
    return "\n\n".join(told) + "\n"


def _say(key: str, lang: str, **values: object) -> str:
    return text(f"take.card.{key}", lang, **values)


def _advised(trial: Trial, recommended: str | None, lang: str) -> str:
    return _say("advised" if trial.contender.spec == recommended else "not_advised", lang)


def _section(name: str, lines: Sequence[str], lang: str) -> str:
    body = "\n".join(lines)
    return body if not name else f"## {_say(name, lang)}\n\n{body}"


def _question(card: Card | None, trial: Trial, lang: str) -> list[str]:
    if card is None:
        return [_say("kind_task", lang, source=trial.source.name, length=trial.length)]
    forecast: Any = card["forecast"] or {}
    columns = ", ".join(forecast.get("columns", []))
    values = {name: forecast.get(name) for name in ("window", "horizon")}
    return [_say(f"kind_{card['kind']}", lang, target=card["target"], columns=columns, **values)]


def _training(evidence: Evidence, trial: Trial, again: Refitted | None, lang: str) -> list[str]:
    made = trial.contender
    told = [_say("one_trial", lang, seed=trial.seed)]
    if again is not None:
        told = [_say("refit", lang, count=f"{again.record.examples:,}", steps=f"{again.description.steps:,}")]
        if again.description.members > 1:
            told.append(_say("ensemble", lang, members=again.description.members))
    sizes = {"parameters": f"{made.parameters:,}", "hidden": made.hidden, "layers": made.layers}
    settings = _say("settings", lang, rate=f"{trial.learning_rate:g}", clip=f"{trial.training.clip_norm:g}", **sizes)
    return [*told, settings]


def _scores(evidence: Evidence, trial: Trial, lang: str) -> list[str]:
    """This network and what it was compared with, best first."""
    rows = [row for row in summaries(summarise(evidence)) if row.condition == trial.condition and row.score is not None]
    rows.sort(key=lambda row: -(row.score or 0))
    mine = next((row for row in rows if row.contender == trial.contender.spec), None)
    if mine is None:
        return []
    baseline = None if evidence.card is None else evidence.card["baseline"]
    metric = _say(f"metric_{'score' if baseline is None else baseline['metric']}", lang)
    head = [_say(f"head_{name}", lang) for name in ("network", "score", "interval")]
    cells = [[_named(row, trial, lang), fixed(row.score), interval(row.score_low, row.score_high)] for row in rows]
    if baseline is not None:
        cells.append([_say("baseline", lang), fixed(mine.baseline), ""])
    return [_say("scores_how", lang, trials=mine.trials, metric=metric), "", *_table(head, cells)]


def _named(row: Summary, trial: Trial, lang: str) -> str:
    return _say("this", lang, spec=row.contender) if row.contender == trial.contender.spec else row.contender


def _coverage(evidence: Evidence, again: Refitted | None, lang: str) -> list[str]:
    if again is None or not again.record.errors:
        return [_say("no_coverage", lang)]
    head = [_say(f"head_{name}", lang) for name in ("level", "half", "measured")]
    cells = [
        [f"{band.level:.0%}", _halves(band.half),
         f"{band.coverage:.1%} ({', '.join(f'{one:.0%}' for one in band.by_split)})"]
        for band in again.record.errors
    ]  # fmt: skip
    local = again.record.errors[0].average is not None
    of_classes = evidence.card is not None and evidence.card["kind"] == "classification"
    width = [] if of_classes else ["local" if local else "alike"]
    if evidence.card is not None and own_columns(evidence.card):
        width.append("own")
    told = [_say(f"coverage_{key}", lang) for key in ("how", *width, "assumes")]
    return [*told, "", *_table(head, cells)]


def _halves(halves: Sequence[float]) -> str:
    """Each, or the least and the most of many."""
    if len(halves) <= _MOST_HALVES:
        return ", ".join(f"{half:.3g}" for half in halves)
    return f"{min(halves):.3g} to {max(halves):.3g}"


def _limits(evidence: Evidence, trial: Trial, lang: str) -> Iterable[str]:
    card = evidence.card
    if card is not None:
        names = [name for name in card["channels"]["names"] if name not in card["channels"]["masks"]]
        yield _say("limit_columns", lang, names=", ".join(names))
        if card["forecast"] is None:
            yield _say("limit_length", lang, length=card["lengths"]["max"])
    yield _say("limit_shift", lang)
    yield _say("limit_choice", lang, contenders=len(evidence.plan.contenders[trial.source.name]))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
