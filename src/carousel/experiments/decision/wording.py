"""The sentences of `because`: assembled from the catalogue, numbers formatted once for both languages."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from carousel.common.texts import LANGUAGES, both, text
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.power import MOST_SEEDS
from carousel.experiments.decision.verdict import Both, Row, Word

MOST_PAIRS = 6
SEPARATOR = {"en": "; ", "zh": "；"}  # between parts of a sentence that hold commas of their own

_ROUNDING = 1e-12  # what is left of equal numbers after a difference of their means; no measured effect is so small


def number(value: float | None) -> str:
    """Three significant digits; an infinite end of an interval as such; a dash for nothing."""
    if value is None:
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return "0" if abs(value) < _ROUNDING else f"{value:.3g}"


def signed(value: float | None) -> str:
    """A difference: `number` with its sign."""
    return f"+{number(value)}" if value is not None and value >= _ROUNDING else number(value)


def effect_value(unit: str, value: float | None) -> str:
    """A probability as it is, every other effect with its sign: it is a difference."""
    return number(value) if unit == "probability" else signed(value)


def lag_block(first: int, end: int) -> str:
    """Lags in steps from `first` up to, not with, `end`: "0", "2-3" (both ends included)."""
    return str(first) if end == first + 1 else f"{first}-{end - 1}"


def interval(ends: Interval) -> str:
    """[low, high]."""
    return f"[{number(ends.low)}, {number(ends.high)}]"


def join(*parts: Both | None) -> Both:
    """Sentences one after another; Chinese takes no space between them."""
    kept = [part for part in parts if part]
    return {"en": " ".join(p["en"] for p in kept), "zh": "".join(p["zh"] for p in kept)}


def headline(claim: str, row: Row) -> Both:
    """What the row that represents the claim measured, with its interval."""
    units = both(f"claims.units.{row.effect.unit}")
    values = {
        "where": row.where,
        "value": effect_value(row.effect.unit, row.effect.value),
        "interval": interval(row.effect.ci95),
        "n": row.n,
    }
    return {lang: text(f"claims.{claim}.headline", lang, unit=unit, **values) for lang, unit in units.items()}


def parts_text(claim: str, **parts: Word) -> Both:
    """What each part of a claim came to, where parts are judged apart."""
    words = {lang: {part: text(f"claims.verdicts.{word}", lang) for part, word in parts.items()} for lang in LANGUAGES}
    return {lang: text(f"claims.{claim}.parts", lang, **words[lang]) for lang in LANGUAGES}


def groups_text(key: str, words: dict[str, Word], needed: int) -> Both:
    """What each group of sources came to, and how many of them must agree."""
    listed = {
        lang: ", ".join(f"{group} ({text(f'claims.verdicts.{word}', lang)})" for group, word in words.items())
        for lang in LANGUAGES
    }
    return {lang: text(key, lang, listed=listed[lang], needed=needed) for lang in LANGUAGES}


def tally(rows: Sequence[Row]) -> Both:
    """How many of the deciding rows came to which verdict."""
    counts = Counter(row.verdict for row in rows if row.decides)
    return both(
        "claims.because.tally",
        total=counts.total(),
        supported=counts["supported"],
        refuted=counts["refuted"],
        inconclusive=counts["inconclusive"],
        untested=counts["not-tested"],
    )


def sides(rows: Sequence[Row]) -> Both | None:
    """Which pairs support and which refute, with under how many conditions; None unless both occur. Named are those
    that are firm, on which `conditional` rests; where one kind has none, the sentence says so."""
    if not all(_pairs(rows, word) for word in ("supported", "refuted")):
        return None
    total = sum(row.decides and row.verdict != "not-tested" for row in rows)
    firm = [row for row in rows if row.firm]
    found = {word: _pairs(firm, word) for word in ("supported", "refuted")}
    return both("claims.because.sides" if all(found.values()) else "claims.because.not_firm", total=total, **found)


def needed(rows: Sequence[Row]) -> Both | None:
    """How many seeds would decide what is undecided; None where nothing is."""
    open_rows = [row for row in rows if row.decides and row.verdict == "inconclusive"]
    open_rows = [row for row in open_rows if row.best] or open_rows
    if not open_rows:
        return None
    sentences = [both(f"claims.because.{reason}") for reason in sorted({r.reason for r in open_rows} - {"wide"})]
    return join(*sentences, _seeds([row for row in open_rows if row.reason == "wide"]))


def held_open(word: Word, rows: Sequence[str]) -> Both:
    """Why a claim has no answer though what has one agrees on `word`: these rows are open and could contradict it."""
    words = both(f"claims.verdicts.{word}")
    listed = SEPARATOR["en"].join(rows[:MOST_PAIRS]) + ("; …" if len(rows) > MOST_PAIRS else "")
    return {lang: text("claims.because.held_open", lang, word=words[lang], rows=listed) for lang in LANGUAGES}


def _seeds(rows: Sequence[Row]) -> Both | None:
    if not rows:
        return None
    known = [row.seeds_needed for row in rows if row.seeds_needed]
    if not known:
        few = max(row.n for row in rows) < 2
        return both("claims.because.seeds_unknown") if few else both("claims.because.seeds_many", most=MOST_SEEDS)
    if min(known) == max(known):
        return both("claims.because.seeds_one", seeds=known[0])
    return both("claims.because.seeds", low=min(known), high=max(known))


def _pairs(rows: Sequence[Row], word: str) -> str:
    counts = Counter(str(r.pair or r.where) for r in rows if r.decides and r.verdict == word)
    listed = [f"{name} ({count})" for name, count in counts.most_common(MOST_PAIRS)]
    return ", ".join(listed) + (", …" if len(counts) > MOST_PAIRS else "")
