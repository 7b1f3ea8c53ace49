"""Everything a person reads in a report or page, in English and Chinese, from one catalogue.

The catalogue is the folder's TOML files, one per area and language (`claims.en.toml`, `claims.zh.toml`), and those of
the folders in `ROOMS`, whose sub-folders hold texts of their own (`vanishing/texts.en.toml`); nothing is imported.
A key is `area.section.name`; values may hold `{placeholders}` that both languages must share (a test checks).
Numbers are formatted by the caller, once, so that both languages show the same digits.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from carousel.common.errors import UnknownName

LANGUAGES = ("en", "zh")
ROOMS = {"claims": [resources.files("carousel").joinpath("experiments", "claims")]}  # by area: folders of folders


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
    for area, entry in _files(lang):
        _flatten(area, tomllib.loads(entry.read_text(encoding="utf-8")), flat)
    return flat


def _files(lang: str) -> Iterator[tuple[str, Traversable]]:
    """Every file of texts in one language, with the area its keys are under."""
    for entry in resources.files(__package__).iterdir():
        if entry.name.endswith(f".{lang}.toml"):
            yield entry.name.split(".")[0], entry
    for area, rooms in ROOMS.items():
        for folder in (folder for room in rooms for folder in room.iterdir()):
            if folder.is_dir() and folder.joinpath(f"texts.{lang}.toml").is_file():
                yield area, folder.joinpath(f"texts.{lang}.toml")


def _flatten(prefix: str, table: dict[str, object], flat: dict[str, str]) -> None:
    for name, value in table.items():
        key = f"{prefix}.{name}"
        if isinstance(value, dict):
            _flatten(key, value, flat)
        elif key in flat:
            raise KeyError(f"the text {key!r} is there twice")
        else:
            flat[key] = str(value).strip()
