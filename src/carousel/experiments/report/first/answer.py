"""What to use and why, in sentences of at most 25 words, from the run's own numbers."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.common.texts import text
from carousel.experiments.decision.interim import seen
from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.ranking import Ranked, compared, difference_of, ranking, simplest
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.skill import Skill
from carousel.experiments.decision.verdicts_json import Judgement
from carousel.experiments.decision.wording import SEPARATOR, number
from carousel.experiments.report.first.gradient import Reason, reason
from carousel.experiments.report.first.plain_names import listed, network
from carousel.experiments.report.first.words import percent, say, times
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.runner.plan import Contender

DEFAULT = "lstm"  # the LSTM that most people would take, named beside the plain RNN


@dataclass(frozen=True)
class Answer:
    """use, why: sentences. code: the advised contender as a command takes it; None where none is advised."""

    use: tuple[str, ...]
    why: tuple[str, ...] = ()
    code: str | None = None


@dataclass(frozen=True)
class Standings:
    """Who was compared, who is advised, and with whom that one is compared in words.

    skill: of the best network against the best simple method of a user's file. alike: of every contender the seeds
    that all begin with."""

    made: dict[str, Contender]
    ranked: tuple[Ranked, ...]
    chosen: Ranked | None
    plain: Ranked | None
    reason: Reason | None
    skill: Skill | None
    alike: Evidence

    def name(self, spec: str, lang: str) -> str:
        """The plain name of a contender."""
        return network(self.made[spec], lang)


def standings(evidence: Evidence, judgement: Judgement) -> Standings:
    """As the advice sees them."""
    alike = seen(evidence, {})
    results = Results(alike)
    known = ranking(results)
    sources = compared(results)
    made = {c.spec: c for c in evidence.plan.contenders[sources[0]]} if sources else {}
    chosen = next((each for each in known if each.spec == judgement.recommended), None)
    plain = simplest([each for each in known if each is not chosen])
    ratio = float(judgement.thresholds.get("horizon_ratio", 0.0))
    why = reason(evidence, chosen.spec, plain.spec, ratio) if chosen and plain else None
    return Standings(made, tuple(known), chosen, plain, why, judgement.skill, alike)


def answer(found: Standings, lang: str) -> Answer:
    """What to use, and why where the run measured it."""
    if found.skill is not None:
        return _against_simple(found, found.skill, lang)
    if found.chosen is None:
        return Answer((say("first.use.none" if found.ranked else "first.use.no_trials", lang),))
    use = say("first.use.take", lang, name=found.name(found.chosen.spec, lang))
    told = _solved(found, found.chosen, lang) if found.chosen.has_line else _scored(found, found.chosen, lang)
    return Answer((use, *told), _why(found, found.chosen, lang), found.chosen.spec)


def _against_simple(found: Standings, skill: Skill, lang: str) -> Answer:
    """What to use, how much better than the simple, and on how many splits."""
    rival, name = text(f"first.rival.{skill.rival}", lang), found.name(skill.network, lang)
    key = "take" if found.chosen else "simple"
    use = say(f"first.use.{key}", lang, name=name if found.chosen else rival)
    told = []
    if skill.value is not None:
        told.append(_errors(skill.value, name, rival, lang))
    if not found.chosen:
        told.append(say("first.use.not_shown", lang))
    told.append(say("first.use.splits", lang, name=name, better=skill.better, n=skill.of))
    why = _why(found, found.chosen, lang) if found.chosen else ()
    return Answer((use, *told), why, found.chosen.spec if found.chosen else None)


def _errors(skill: float, name: str, rival: str, lang: str) -> str:
    """What the network errs, beside the best simple method: a share less or more of it, or how many times as much."""
    if skill >= 0:
        return say("first.use.less_error", lang, name=name, share=percent(skill, lang), rival=rival)
    begun = name[0].upper() + name[1:]  # it begins these sentences
    if skill <= -1:
        return say("first.use.times_error", lang, name=begun, times=times(1 - skill, lang), rival=rival)
    return say("first.use.more_error", lang, name=begun, share=percent(-skill, lang), rival=rival)


def _others(found: Standings) -> list[Ranked]:
    """The plain RNN, and the LSTM that most people would take."""
    default = next((each for each in found.ranked if each.spec == DEFAULT and each is not found.chosen), None)
    return [each for each in (found.plain, default) if each is not None]


def _solved(found: Standings, chosen: Ranked, lang: str) -> list[str]:
    every = "all" if chosen.solved == chosen.n else "some"
    ours = say(f"first.use.solved_{every}", lang, solved=chosen.solved, n=chosen.n)
    others = [_solved_by(found, each, chosen, lang) for each in _others(found)]
    as_many = [each for each in found.ranked if each is not chosen and each.solved_rate == chosen.solved_rate]
    names = listed((found.name(each.spec, lang) for each in as_many[:2]), lang) if as_many else ""
    more = [say("first.use.as_many", lang, names=names)] if names else _next(found, chosen, lang)
    return [say("first.use.told", lang, told=SEPARATOR[lang].join([ours, *others])), *more]


def _next(found: Standings, chosen: Ranked, lang: str) -> list[str]:
    """Who comes next, where no other sentence names it, and whether the two can be told apart."""
    rest = [each for each in found.ranked if each is not chosen]
    second = max(rest, key=lambda each: each.solved_rate, default=None)
    if second is None or second in _others(found) or second.n != chosen.n:
        return []
    _, ends = difference_of(chosen, second, SHOWN / max(1, sum(each.beats_baseline for each in found.ranked)))
    name = found.name(second.spec, lang)
    key = "first.use.next_shown" if ends.above(0) else "first.use.next_open"
    return [say(key, lang, name=name, solved=second.solved, seeds=second.seeds)]


def _solved_by(found: Standings, other: Ranked, chosen: Ranked, lang: str) -> str:
    key = "first.use.other" if other.n == chosen.n else "first.use.other_of"
    return say(key, lang, name=found.name(other.spec, lang), solved=other.solved, n=other.n)


def _scored(found: Standings, chosen: Ranked, lang: str) -> list[str]:
    """Scores, where nothing says what is solved."""
    ours = say("first.use.scored", lang, score=number(chosen.score), baseline=number(chosen.baseline))
    others = [
        say("first.use.other_score", lang, name=found.name(each.spec, lang), score=number(each.score))
        for each in _others(found)
    ]
    return [ours, *([say("first.use.compared", lang, each=SEPARATOR[lang].join(others))] if others else [])]


def _why(found: Standings, chosen: Ranked, lang: str) -> tuple[str, ...]:
    """Two sentences: many steps back, and one of them on average."""
    if found.reason is None or found.plain is None:
        return ()
    ours, theirs = found.reason.kept[chosen.spec], found.reason.kept[found.plain.spec]
    back, room = min(ours.back, theirs.back), f"first.why.{found.reason.moment}"
    plain = found.name(found.plain.spec, lang)
    a_step = {"a_step": percent(ours.a_step(back), lang), "plain_step": percent(theirs.a_step(back), lang)}
    far = {"far": percent(ours.left(back), lang), "plain_far": percent(theirs.left(back), lang)}
    return (say(f"{room}.far", lang, plain=plain, back=back, **far), say(f"{room}.a_step", lang, **a_step))
