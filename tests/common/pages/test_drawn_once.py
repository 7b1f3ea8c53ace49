"""A figure in two languages is drawn once, and reads as if each had been drawn."""

from __future__ import annotations

import re
from typing import Any

import altair as alt
import pytest

from carousel.common.pages import drawn_once as module
from carousel.common.pages import theme
from carousel.common.pages.drawn_once import drawn_once

LANGUAGES = ("en", "zh")
SAYS = {"en": ("Loss & time", "steps", "first line"), "zh": ("损失与时间", "步", "第一行")}


def chart(lang: str, **more: Any) -> alt.Chart:
    title, x, line = SAYS[lang]
    rows = theme.data([{"x": k, "line": line} for k in range(3)])
    base = alt.Chart(rows, **more).mark_line(clip=True)
    return base.encode(x=theme.steps("x", x), y="x:Q", color="line:N").properties(title=theme.titled(title))


def texts(drawn: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", drawn)


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were drawn."""
    drawn, draw = [], module.svg

    def counted(spec: Any, name: str) -> str:
        drawn.append(name)
        return draw(spec, name)

    monkeypatch.setattr(module, "svg", counted)
    return drawn


def test_texts_are_those_of_the_language_and_all_else_is_the_same(times):
    found = drawn_once(chart, "f", LANGUAGES)
    assert times == ["f-en"]
    alone = drawn_once(lambda lang: chart("zh"), "f", ("zh",))["zh"]
    assert sorted(texts(found["zh"])) == sorted(texts(alone))
    assert {"损失与时间", "步", "第一行"} <= set(texts(found["zh"]))
    assert "Loss &amp; time" in texts(found["en"])
    ids = {lang: set(re.findall(r'\bid="([^"]+)"', found[lang])) for lang in LANGUAGES}
    assert ids["en"] and all(each.startswith(f"f-{lang}-") for lang in LANGUAGES for each in ids[lang])
    for lang in LANGUAGES:
        assert set(re.findall(r"url\(#([^)]+)\)", found[lang])) <= ids[lang]


@pytest.mark.parametrize(
    "draw",
    [
        lambda lang: chart(lang, width=100 if lang == "en" else 120),
        lambda lang: chart(lang).properties(title=alt.TitleParams(SAYS[lang][0] * 9, limit=60)),
        lambda lang: chart(lang).properties(title=theme.titled("a", ["b"] * len(SAYS[lang][1]))),
    ],
    ids=["another width", "a text cut off", "more lines"],
)  # fmt: skip
def test_what_differs_in_more_than_texts_is_drawn_by_itself(times, draw):
    assert set(drawn_once(draw, "f", LANGUAGES)) == set(LANGUAGES)
    assert times == ["f-en", "f-zh"]
