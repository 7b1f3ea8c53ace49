"""Everything a person reads in a report or page, in English and Chinese, from one catalogue.

The catalogue is the folder's TOML files, one per area and language (`claims.en.toml`, `claims.zh.toml`).
A key is `area.section.name`; values may hold `{placeholders}` that both languages must share (a test checks).
Numbers are formatted by the caller, once, so that both languages show the same digits.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from carousel.common.errors import UnknownName

LANGUAGES = ("en", "zh")


class Text(dict[str, str]):
    """A text by language, {"en": ..., "zh": ...}; `str(text)` is that of `lang`."""

    def __init__(self, by_language: Mapping[str, str], lang: str = "en"):
        super().__init__(by_language)
        self.lang = lang

    def __str__(self) -> str:
        return self[self.lang]


def checked_language(lang: str) -> str:
    """`lang`, if there are texts in it. Raises UnknownName."""
    if lang not in LANGUAGES:
        raise UnknownName("language", lang, LANGUAGES)
    return lang


def text(key: str, lang: str, /, **values: object) -> str:
    """The text named `key` in language `lang`, its placeholders filled. KeyError names a missing key."""
    return catalogue(lang)[key].format(**values)


def both(key: str, /, **values: object) -> dict[str, str]:
    """The text named `key` in every language: {"en": ..., "zh": ...}."""
    return {lang: text(key, lang, **values) for lang in LANGUAGES}


@cache
def catalogue(lang: str) -> dict[str, str]:
    """All texts of one language as a flat {key: text}."""
    flat: dict[str, str] = {}
    for entry in resources.files(__package__).iterdir():
        if entry.name.endswith(f".{lang}.toml"):
            area = entry.name.split(".")[0]
            _flatten(area, tomllib.loads(entry.read_text(encoding="utf-8")), flat)
    return flat


def _flatten(prefix: str, table: dict[str, object], flat: dict[str, str]) -> None:
    for name, value in table.items():
        key = f"{prefix}.{name}"
        if isinstance(value, dict):
            _flatten(key, value, flat)
        else:
            flat[key] = str(value).strip()
