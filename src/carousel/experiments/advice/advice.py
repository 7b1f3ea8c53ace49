"""One paragraph: which contender, how initialised, what it gains, what it costs. A rule, not an opinion.

1. Looked at are the reporting trials of the sources that share their contenders (ranking.compared), under every
   condition (of a file: the whole sequence only).
2. Out falls whoever does not beat the baseline: not solved once, and the interval of its test score minus the
   baseline's not above 0. If nobody is left, the advice says that no network beats the baseline.
3. Of the rest the highest solved-rate wins, then the highest validation score; whoever comes within `advice_tie` of
   it is tied, and of the tied the one that needed the fewest training steps is named (steps, not seconds: a run that
   is repeated must name the same).
4. Of a user's file it must also beat every simple method (carousel.experiments.rivals), each by the interval of their
   paired difference; else the advice is no network, but the simple method that is best on validation. To beat all is
   one test for each, and all must reject, so that no correction for their number is due.
5. Its gain over the simplest contender is given with the interval: of the solved-rates, or of the test scores paired
   by seed. It was chosen on these same trials, so the interval holds for whichever of the k contenders that beat the
   baseline had been chosen: each of the k comparisons has 1/k of the error (Bonferroni). An interval that holds 0 is
   worded "no difference was shown".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carousel.common.names import TRANSFORMER
from carousel.common.texts import LANGUAGES, both, catalogue, text
from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.ranking import Ranked, compared, difference_of, ranking, simplest
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.skill import Skill, error_of, skill
from carousel.experiments.decision.thresholds import THRESHOLDS
from carousel.experiments.decision.verdict import Both, Verdict
from carousel.experiments.decision.wording import SEPARATOR, interval, join, number, signed

LITTLE = 0.1  # of the baseline's error: where less is removed, the advice says how little


@dataclass(frozen=True)
class Decision:
    """known: who was compared. able: those that beat the baseline. best: the one that the rule looks at, of all where
    none is able; None where nothing was trained. skill: against the simple methods, None where none was run."""

    known: tuple[Ranked, ...]
    able: tuple[Ranked, ...]
    best: Ranked | None
    skill: Skill | None

    @property
    def network(self) -> Ranked | None:
        """The network that is advised."""
        return self.best if self.able and (self.skill is None or not self.skill.unbeaten) else None

    @property
    def rival(self) -> str | None:
        """The simple method that is advised in a network's place."""
        return self.skill.rival if self.skill is not None and self.network is None else None


def decide(results: Results) -> Decision:
    """Steps 1 to 4 of the rule."""
    known = tuple(ranking(results))
    able = tuple(each for each in known if each.beats_baseline)
    best = choose(able or known) if known else None
    if best is None or not results.rivals:
        return Decision(known, able, best, None)
    trials = {seed: row for (_, seed), row in best.trials.items()}
    level = SHOWN / max(1, len(able))
    return Decision(known, able, best, skill(best.spec, trials, results.rivals, results.metric, level, results.overlap))


def advise(results: Results, verdicts: Sequence[Verdict]) -> Both:
    """The paragraph, in both languages."""
    found = decide(results)
    if found.best is None:
        return both("claims.advice.no_trials")
    closing, chosen = _verdict_sentence(verdicts), found.network
    if chosen is None:
        return join(_no_network(found, found.best, results.metric), closing)
    plain, able = simplest(found.known), len(found.able)
    gain, same = _gain(chosen, plain, able), _same_cell(chosen, found.known, able)
    beside = _skill(found.skill, able) if found.skill else None
    little = _little(chosen.score, chosen.baseline, results.metric)
    return join(_choice(chosen), beside, little, _over(results), _init(chosen), gain, same, closing)


def recommend(results: Results) -> str | None:
    """The contender the advice names; None where no network is advised, or there are no trials."""
    found = decide(results).network
    return None if found is None else found.spec


def choose(able: Sequence[Ranked]) -> Ranked:
    """Step 3 of the rule."""
    rate = max(s.solved_rate for s in able)
    leading = [s for s in able if s.solved_rate == rate]
    top = max(leading, key=lambda s: s.validation)
    tie = THRESHOLDS.advice_tie * max(top.validation - top.baseline, 0.0)
    return min((s for s in leading if top.validation - s.validation <= tie), key=lambda s: s.steps)


def _no_network(found: Decision, best: Ranked, metric: str) -> Both | None:
    if found.skill is None:
        values = {"spec": best.spec, "score": number(best.score), "baseline": number(best.baseline)}
        return both("claims.advice.none", **values)
    rival = {"rival": found.skill.rival, "score": number(found.skill.rival_score), "n": found.skill.of}
    take = both("claims.advice.no_network", baseline=number(best.baseline), **rival)
    others = [name for name in found.skill.unbeaten if name != found.skill.rival]
    more = both("claims.advice.unbeaten", names=", ".join(others), spec=best.spec) if others else None
    little = _little(found.skill.rival_score, best.baseline, metric)
    return join(take, _skill(found.skill, len(found.able) or 1), more, little)


def _skill(found: Skill, able: int) -> Both:
    """What the network gains over the best simple method, and on how many splits."""
    about = {"spec": found.network, "rival": found.rival, "better": found.better, "n": found.of, "able": able}
    if found.value is None:
        return both("claims.advice.perfect", **about)
    return both("claims.advice.skill", value=signed(found.value), interval=interval(found.interval), **about)


def _little(score: float, baseline: float, metric: str) -> Both | None:
    """A warning where even what is advised removes little of the baseline's error."""
    error = error_of(baseline, metric)
    removed = 1 - error_of(score, metric) / error if error > 0 else 0.0
    if removed >= LITTLE:
        return None
    return both("claims.advice.little", removed=number(removed))


def _choice(chosen: Ranked) -> Both:
    values = {"spec": chosen.spec, "score": number(chosen.score), "baseline": number(chosen.baseline)}
    if chosen.has_line:
        return both("claims.advice.solved", solved=chosen.solved, n=chosen.n, **values)
    return both("claims.advice.scored", n=chosen.n, **values)


def _over(results: Results) -> Both | None:
    """Over which sources, where the run had others too."""
    sources = compared(results)
    if len(sources) == len(results.evidence.plan.sources):
        return None
    return both("claims.advice.over", sources=", ".join(sources))


def _init(chosen: Ranked) -> Both:
    """How it must be initialised, from the catalogue's longest key that begins the initialisation's name."""
    known = [key.rsplit(".", 1)[1] for key in catalogue("en") if key.startswith("claims.inits.")]
    fitting = [name for name in known if chosen.init.startswith(name)]
    how = both(f"claims.inits.{max(fitting, key=len)}" if fitting else "claims.advice.init", init=chosen.init)
    return {lang: text("claims.advice.initialised", lang, how=how[lang]) for lang in LANGUAGES}


def _gain(chosen: Ranked, plain: Ranked | None, able: int) -> Both:
    """What it gains over the simplest contender, and what that costs. able: among how many it was chosen."""
    if plain is None:
        return both("claims.advice.no_simplest")
    if plain.spec == chosen.spec:
        return both("claims.advice.is_simplest")
    value, ends = difference_of(chosen, plain, SHOWN / able)
    shown = "gain" if ends.above(0) or ends.below(0) else "no_difference"
    kind = "rate" if chosen.has_line else "score"
    said = {"simplest": plain.spec, "value": signed(value), "interval": interval(ends), "able": able}
    gain = both(f"claims.advice.{shown}_{kind}", **said)
    cost = both(
        "claims.advice.cost",
        simplest=plain.spec,
        ratio=number(chosen.seconds / plain.seconds if plain.seconds else None),
        parameters=chosen.parameters,
        other=plain.parameters,
    )
    return join(gain, cost)


def _same_cell(chosen: Ranked, known: Sequence[Ranked], able: int) -> Both | None:
    """The same cell under another initialisation (a Transformer with other positions), where it was shown to do worse:
    that choice matters. Both sides are chosen, so the error is shared by all comparisons that there could be."""
    others = [s for s in known if s.cell == chosen.cell and s.init != chosen.init]
    worse = [(s, *difference_of(chosen, s, SHOWN / (able * len(others)))) for s in others]
    shown = [(s, value, ends) for s, value, ends in worse if ends.above(0)]
    if not shown:
        return None
    other, value, ends = max(shown, key=lambda found: found[1])
    choice = "positions_matter" if chosen.cell == TRANSFORMER else "init_matters"
    key = f"claims.advice.{choice}_rate" if chosen.has_line else f"claims.advice.{choice}_score"
    return both(key, other=other.spec, value=number(value), interval=interval(ends), able=able)


def _verdict_sentence(verdicts: Sequence[Verdict]) -> Both | None:
    tested = [v for v in verdicts if v.verdict != "not-tested"]
    if not tested:
        return None
    sentences = {}
    for lang in LANGUAGES:
        names = [
            text(
                "claims.advice.verdict",
                lang,
                claim=text(f"claims.{v.claim}.title", lang),
                verdict=text(f"claims.verdicts.{v.verdict}", lang),
            )
            for v in tested
        ]
        sentences[lang] = text("claims.advice.verdicts", lang, listed=SEPARATOR[lang].join(names))
    return sentences
