"""The data card as lines of text for a terminal, in English or Chinese."""

from __future__ import annotations

from functools import reduce

from carousel.common.error_words import translated
from carousel.common.texts import text
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.card import Card

MOST_LISTED = 12


def card_lines(card: Card, lang: str) -> list[str]:
    """What is in the file and what was done to it, one fact a line; every word from the catalogue."""
    return [
        text("data.card.file", lang, file=card["file"], format=card["format"]),
        _question(card, lang),
        *_contents(card, lang),
        *_classes(card, lang),
        _split(card, lang),
        *_varied(card, lang),
        text(f"data.scaling.{card['scaling']['how']}", lang),
        _baseline(card, lang),
        *(_note(note, lang) for note in card["notes"]),
    ]


def _question(card: Card, lang: str) -> str:
    forecast = card["forecast"]
    if "labels" in card:
        window = _with_origin(card["labels"]["window"], card["labels"]["window_given"], lang)
        return text(f"data.kind.labels_{card['kind']}", lang, target=card["target"], window=window)
    if forecast is None:
        return text(f"data.kind.{card['kind']}", lang, target=card["target"])
    window = _with_origin(forecast["window"], forecast["window_given"], lang)
    horizon = _with_origin(forecast["horizon"], forecast["horizon_given"], lang)
    columns = _listed(forecast["columns"], lang)
    return text("data.kind.forecast", lang, columns=columns, window=window, horizon=horizon)


def _with_origin(value: int, given: bool, lang: str) -> str:
    return text(f"data.card.{'given' if given else 'chosen'}", lang, value=value)


def _contents(card: Card, lang: str) -> list[str]:
    lengths, channels = card["lengths"], card["channels"]
    spread = {"min": number(lengths["min"]), "median": number(lengths["median"]), "max": number(lengths["max"])}
    key = "data.card.equal" if lengths["min"] == lengths["max"] else "data.card.sequences"
    lines = [
        text(key, lang, count=number(card["sequences"]), **spread),
        text("data.card.channels", lang, count=channels["count"], names=_listed(channels["names"], lang)),
    ]
    target = card["range"]
    if target:
        spread = {"min": f"{target['min']:.4g}", "max": f"{target['max']:.4g}", "mean": f"{target['mean']:.4g}"}
        lines.append(text("data.card.range", lang, **spread))
    if card["missing"]:
        counts = [f"{name} {number(count)}" for name, count in card["missing"].items()]
        return [*lines, text("data.card.missing", lang, counts=_listed(counts, lang))]
    return [*lines, text("data.card.complete", lang)]


def _classes(card: Card, lang: str) -> list[str]:
    if not card["classes"]:
        return []
    counts = [f"{c['name']} ({c['training']}/{c['validation']}/{c['test']})" for c in card["classes"]]
    key = "data.card.classes_steps" if "labels" in card else "data.card.classes"
    return [text(key, lang, count=len(counts), counts=_listed(counts, lang))]


def _split(card: Card, lang: str) -> str:
    split = card["split"]
    sizes = {"training": number(split["training"]), "validation": number(split["validation"])}
    sizes["test"] = number(split["test"])
    return text(f"data.split.{split['how']}", lang, seed=split["seed"], **sizes)


def _varied(card: Card, lang: str) -> list[str]:
    """How the split differs from seed to seed, where more than one was asked for."""
    split = card["split"]
    if "varied" not in split:
        return []
    reason = text("data.card.then", lang).join(translated(piece, lang) for piece in split.get("reason", []))
    return [text(f"data.varied.{split['varied']}", lang, count=split["splits"], reason=reason)]


def _baseline(card: Card, lang: str) -> str:
    baseline = card["baseline"]
    return text(f"data.baseline.{baseline['name']}", lang, score=f"{baseline['score']:.3f}")


def _note(note: Note, lang: str) -> str:
    values = {name: _shown(value, lang) for name, value in note.items() if name != "key"}
    if "unit" in note:
        values["unit"] = text(f"data.unit.{note['unit']}", lang)
    return text(f"data.note.{note['key']}", lang, **values)


def _shown(value: object, lang: str) -> str:
    if isinstance(value, list):
        return _listed([str(v) for v in value], lang)
    return number(value) if isinstance(value, int | float) else str(value)


def number(value: float) -> str:
    """Whole numbers with thin groups of three, others with four figures: the same digits in both languages."""
    return f"{int(value):,}" if value == int(value) else f"{value:.4g}"


def _listed(names: list[str], lang: str) -> str:
    shown = reduce(lambda first, second: text("data.card.pair", lang, first=first, second=second), names[:MOST_LISTED])
    return text("data.card.more", lang, shown=shown, count=len(names)) if len(names) > MOST_LISTED else shown
