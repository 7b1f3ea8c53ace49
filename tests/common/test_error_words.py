"""Errors in Chinese: every wording that the command can raise has its Chinese, and a line is said whole."""

from __future__ import annotations

import re

import pytest

from carousel.common.error_words import line_in, translated, wording_of
from carousel.common.errors import BadData, BadPlan, CarouselError, UnknownName
from carousel.common.texts import catalogue
from tests.support.raised import HOLE, raised

REACH = ("cli", "common", "experiments", "introspect/diagnosis")  # nn and the rest of introspect are met from Python
ENGLISH = {key: value for key, value in catalogue("en").items() if key.startswith("errors.")}
_WORD = re.compile(r"(?<![-\w.@=`])[a-z]{2,}(?![\w=(])")


def normal(wording: str) -> str:
    return (
        re.sub(r"\{\w+\}", HOLE, wording.replace("{{", "\0").replace("}}", "\1")).replace("\0", "{").replace("\1", "}")
    )


def test_every_wording_of_the_command_has_its_chinese() -> None:
    found = [(place, wording) for place, _, wording in raised(*REACH) if _WORD.search(wording.replace(HOLE, ""))]
    assert len(found) > 250
    missing = {f"{place}: {wording}" for place, wording in found if wording_of(wording.replace(HOLE, "§")) is None}
    assert not missing


@pytest.mark.parametrize("key", ENGLISH)
def test_a_wording_is_told_from_every_other(key: str) -> None:
    values = {name: f"§{place}" for place, name in enumerate(re.findall(r"(?<!\{)\{(\w+)\}", ENGLISH[key]))}
    assert translated(ENGLISH[key].format(**values), "zh") in (
        catalogue("zh")[other].format(**values)
        for other in ENGLISH
        if normal(ENGLISH[other]) == normal(ENGLISH[key])
        and set(re.findall(r"(?<!\{)\{(\w+)\}", ENGLISH[other])) <= set(values)
    )


def test_a_line_in_chinese_has_all_four_parts() -> None:
    error = BadData("column 'x' holds text in row 3", allowed="numbers", got="'a' and 2 more",
                    fix="correct it, or leave the cell empty if the value is missing")  # fmt: skip
    said = "列 'x' 第 3 行是文字；允许：数；实际：'a' 等，另有 2 处；解决办法：请更正；若缺失，单元格留空"
    assert line_in(error, "zh") == said
    assert line_in(error, "en") == str(error)


def test_a_name_is_told_and_what_was_meant() -> None:
    error = UnknownName("task", "addng", ["adding", "parity"], fix="see `carousel tasks`")
    said = "没有名为 'addng' 的任务；允许：adding, parity；解决办法：您是不是想写 'adding'？见 `carousel tasks`"
    assert line_in(error, "zh") == said


def test_what_has_no_wording_stays_as_it_is() -> None:
    assert line_in(BadPlan("zyx wvu"), "zh") == "zyx wvu"
    assert line_in(CarouselError("zyx; wvu"), "zh") == "zyx; wvu"
