"""An error's line in the language of the command.

Errors are raised in English, where they arise. Each wording is in the catalogue too (`errors.en.toml` and its
neighbours), with its Chinese: "column {name} holds text in row {row}". A line is matched to its wording, its values are
read off, and it is said anew with them. What has no wording stays English; `tests/common/test_error_words.py` compares
the wordings with the source, so that nothing a user of the command meets is without.
"""

from __future__ import annotations

import re
from functools import cache

from carousel.common.errors import CarouselError, UserError
from carousel.common.texts import catalogue

_WHY_NOT = ".untested."  # why a claim cannot be answered: a sentence of its own, quoted in an error
_LABELS = "errors.line."
_HOLE = re.compile(r"\\\{(\w+)\\\}")
_WORDS = dict.fromkeys(("kind", "role"), r"[^'\"]+")  # up to a name in quotes: "unknown target column 'x'"
_NAMED = re.compile(r"\{\w+\}")


def line_in(error: CarouselError, lang: str) -> str:
    """What, allowed, got and fix, in one line of that language."""
    if lang == "en":
        return str(error)
    if not isinstance(error, UserError):
        return translated(str(error), lang)
    said = [translated(piece, lang) for piece in error.pieces()]
    if isinstance(error.got, UserError):  # an error about another
        place = next(k for k, piece in enumerate(error.pieces()) if piece.startswith("got: "))
        said[place] = catalogue(lang)["errors.line.got-value"].format(value=line_in(error.got, lang))
    return "；".join(piece.removesuffix("。") for piece in said)


def translated(said: str, lang: str) -> str:
    """What an English wording says, in another language; the values in it too, where they are words. Else as it is."""
    found = wording_of(said)
    if found is None:
        return said
    key, values = found
    return catalogue(lang)[key].format(**{name: translated(value, lang) for name, value in values.items()})


def wording_of(said: str) -> tuple[str, dict[str, str]] | None:
    """The wording's key and the values in it; None where there is none."""
    matches = ((key, pattern.fullmatch(said)) for key, pattern in _patterns())
    return next(((key, match.groupdict()) for key, match in matches if match), None)


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Every wording by its key: labels first, then the one with most fixed letters."""
    catalogued = catalogue("en").items()
    english = {key: value for key, value in catalogued if key.startswith("errors.")}
    english |= {key: value.removesuffix(".") for key, value in catalogued if _WHY_NOT in key}
    ranked = sorted(english.items(), key=lambda item: (not item[0].startswith(_LABELS), -len(_NAMED.sub("", item[1]))))
    return [(key, _pattern(wording)) for key, wording in ranked]


def _pattern(wording: str) -> re.Pattern[str]:
    plain = wording.replace("{{", "\0").replace("}}", "\1")
    escaped = _HOLE.sub(_hole, re.escape(plain))
    return re.compile(escaped.replace(re.escape("\0"), r"\{").replace(re.escape("\1"), r"\}"), re.DOTALL)


def _hole(found: re.Match[str]) -> str:
    return f"(?P<{found[1]}>{_WORDS.get(found[1], '.+?')})"
