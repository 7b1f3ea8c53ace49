"""English and Chinese say the same: equal keys, equal placeholders, nothing empty, in every area."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from string import Formatter
from typing import Any

import pytest

import carousel.common.texts
from carousel.common.texts import LANGUAGES, catalogue

FOLDER = resources.files(carousel.common.texts)
AREAS = sorted({entry.name.split(".")[0] for entry in FOLDER.iterdir() if entry.name.endswith(".toml")})
MAY_BE_EMPTY = {"claims.units.gain"}  # a scale has no unit


def area(name: str, lang: str) -> dict[str, str]:
    return {key: value for key, value in catalogue(lang).items() if key.startswith(f"{name}.")}


def placeholders(value: str) -> list[str]:
    return sorted({field for _, field, _, _ in Formatter().parse(value) if field is not None})


def test_there_are_areas() -> None:
    assert "report" in AREAS


@pytest.mark.parametrize("name", AREAS)
def test_every_language_has_the_same_keys(name: str) -> None:
    keys = {lang: set(area(name, lang)) for lang in LANGUAGES}
    assert keys["en"]
    assert keys["en"] == keys["zh"]


@pytest.mark.parametrize("name", AREAS)
def test_every_language_has_the_same_placeholders(name: str) -> None:
    english, chinese = area(name, "en"), area(name, "zh")
    assert {k: placeholders(v) for k, v in english.items()} == {k: placeholders(v) for k, v in chinese.items()}


@pytest.mark.parametrize("name", AREAS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_placeholders_are_plain_names(name: str, lang: str) -> None:
    for value in area(name, lang).values():
        assert all(field.isidentifier() for field in placeholders(value)), value


@pytest.mark.parametrize("name", AREAS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_text_is_empty(name: str, lang: str) -> None:
    assert {key for key, value in area(name, lang).items() if not value} <= MAY_BE_EMPTY


@pytest.mark.parametrize("name", AREAS)
def test_fixed_numbers_are_the_same_in_both_languages(name: str) -> None:
    english, chinese = area(name, "en"), area(name, "zh")
    for key, value in english.items():
        assert figures(value) == figures(chinese[key]), key


@pytest.mark.parametrize("name", AREAS)
def test_every_value_is_a_text(name: str) -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        else:
            assert isinstance(value, str)

    files = [entry for entry in FOLDER.iterdir() if entry.name.split(".")[0] == name and entry.name.endswith(".toml")]
    assert {entry.name.split(".")[-2] for entry in files} == set(LANGUAGES)
    for entry in files:
        walk(tomllib.loads(entry.read_text(encoding="utf-8")))


def figures(value: str) -> list[str]:
    """The numbers written out in a text, placeholders aside."""
    return sorted(re.findall(r"\d+(?:\.\d+)?", re.sub(r"\{\w+\}", "", value)))
