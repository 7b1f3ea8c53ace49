"""A line a claim: the folklore's sentence, the verdict, and at most two plain sentences, by what decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from carousel.common.texts import catalogue
from carousel.experiments.claims import all_claims
from carousel.experiments.decision.results import Pair
from carousel.experiments.decision.rules import combine, lacks_tasks
from carousel.experiments.decision.verdict import DECISIVE, Row, Verdict
from carousel.experiments.decision.verdicts_json import Judgement
from carousel.experiments.report.first.plain_names import listed, network, task
from carousel.experiments.report.first.second_voice import Voice
from carousel.experiments.report.first.words import say
from carousel.experiments.report.names import files
from carousel.experiments.runner.plan import Plan


@dataclass(frozen=True)
class Line:
    """statement: the folklore's sentence. mark, word: of the verdict. says: why, in plain words. reference: the second
    voice; empty where there is none."""

    claim: str
    title: str
    statement: str
    verdict: str
    mark: str
    word: str
    says: str
    reference: str


def lines(plan: Plan, judgement: Judgement, voices: Mapping[str, Voice], lang: str) -> tuple[Line, ...]:
    """In the order of the judgement."""
    return tuple(_line(plan, judgement, verdict, voices.get(verdict.claim), lang) for verdict in judgement.verdicts)


def _line(plan: Plan, judgement: Judgement, verdict: Verdict, voice: Voice | None, lang: str) -> Line:
    return Line(
        claim=verdict.claim,
        title=say(f"claims.{verdict.claim}.title", lang),
        statement=verdict.statement[lang],
        verdict=verdict.verdict,
        mark=say(f"first.mark.{verdict.verdict}", lang),
        word=say(f"claims.verdicts.{verdict.verdict}", lang),
        says=_says(plan, judgement, verdict, lang),
        reference=voice.beside(verdict, lang) if voice else "",
    )


def _says(plan: Plan, judgement: Judgement, verdict: Verdict, lang: str) -> str:
    rows = [row for row in verdict.rows if row.decides]
    if verdict.verdict == "not-tested":
        return say("first.says.not_decidable" if rows else "first.says.not_tested", lang)
    if verdict.verdict == "inconclusive":
        return _open(plan, judgement, verdict, rows, lang)
    room = f"first.says.{verdict.claim}"
    if verdict.verdict == "conditional":
        part = _part(verdict.claim, rows)
        return (
            say(_by_reason(f"{room}.conditional_{part}", verdict.claim, rows), lang)
            if part
            else _where(plan, rows, lang)
        )
    return _own(plan, f"{room}.{verdict.verdict}", lang)


def _own(plan: Plan, key: str, lang: str) -> str:
    """The claim's sentence; of a file its own, where the catalogue has one."""
    return say(f"{key}_file" if files(plan) and f"{key}_file" in catalogue(lang) else key, lang)


def _open(plan: Plan, judgement: Judgement, verdict: Verdict, rows: Sequence[Row], lang: str) -> str:
    """What the other part came to, and that the seeds were too few, or the tasks, or that more would not help."""
    wide = [row for row in rows if row.verdict == "inconclusive" and (row.seeds_needed or row.reason == "wide")]
    seeds = min((row.details.get("seeds", row.n) for row in wide), default=judgement.taken[verdict.claim].seeds)
    part = _part(verdict.claim, rows)
    alone = part is None and lacks_tasks(rows)
    closing = say(f"first.says.{'too_few_tasks' if alone else 'too_few' if wide else 'too_near'}", lang, seeds=seeds)
    if part is None or files(plan):
        return closing
    key = _by_reason(f"first.says.{verdict.claim}.open_{part}", verdict.claim, rows)
    return say("first.two", lang, first=say(key, lang), second=closing)


def _part(claim: str, rows: Iterable[Row]) -> str | None:
    """What the leading part of a claim in two parts came to: "supported" or "refuted"; None where it has no answer."""
    word = combine(_leading(claim, rows))
    return word if word in DECISIVE else None


def _leading(claim: str, rows: Iterable[Row]) -> list[Row]:
    """The rows of a claim's leading part; none of a claim in one part."""
    leading = next((each.leading_part for each in all_claims() if each.id == claim), None)
    return [row for row in rows if leading and row.details.get("part") == leading]


def _by_reason(key: str, claim: str, rows: Iterable[Row]) -> str:
    """The sentence for the one reason by which the leading part was refuted, where it was one and the catalogue has
    it."""
    reasons = {row.reason for row in _leading(claim, rows) if row.verdict == "refuted"}
    own = f"{key}_{next(iter(reasons))}" if len(reasons) == 1 else key
    return own if own in catalogue("en") else key


def _where(plan: Plan, rows: Sequence[Row], lang: str) -> str:
    """For which pair it holds and for which not; else for which tasks; else that both happened."""
    found = {word: [row for row in rows if row.verdict == word and row.firm] for word in ("supported", "refuted")}
    if not all(found.values()):
        return say("first.says.both_ways", lang)
    yes, no = ([row.pair for row in found[word] if row.pair] for word in ("supported", "refuted"))
    if yes and no and not set(yes) & set(no):
        return _pairs(plan, yes, no, lang)
    true, false = (list(dict.fromkeys(map(_source, found[word]))) for word in ("supported", "refuted"))
    if set(true) & set(false) or not {*true, *false} <= {each.name for each in plan.sources}:
        return say("first.says.both_ways", lang)
    named = [listed((task(plan, source, lang) for source in each[:2]), lang) for each in (true, false)]
    return say("first.says.by_task", lang, true=named[0], false=named[1])


def _pairs(plan: Plan, yes: Sequence[Pair], no: Sequence[Pair], lang: str) -> str:
    """The pair it holds for most often, and of those it does not hold for one that shares a network with it."""
    true = Counter(yes).most_common(1)[0][0]
    false = max(no, key=lambda pair: (pair.lstm == true.lstm) + (pair.rnn == true.rnn))
    made = {c.spec: c for group in plan.contenders.values() for c in group}
    names = {f"{side}_{word}": network(made[spec], lang)
             for word, pair in (("true", true), ("false", false))
             for side, spec in (("rnn", pair.rnn), ("lstm", pair.lstm))}  # fmt: skip
    return say("first.says.same_lstm" if true.lstm == false.lstm else "first.says.by_pair", lang, **names)


def _source(row: Row) -> str:
    return (row.condition or "").split("/T=")[0]
