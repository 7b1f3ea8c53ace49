"""Errors in Chinese: every wording that the command can raise has its Chinese, and a line is said whole."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable

import pytest
from pydantic import TypeAdapter

from carousel.common.damage import in_words, wordings
from carousel.common.error_words import line_in, translated, wording_of
from carousel.common.errors import BadData, BadPlan, CarouselError, UnknownName
from carousel.common.texts import catalogue
from tests.support.raised import HOLE, raised

# The rest is met from Python.
REACH = ("cli", "cluster", "common", "experiments", "introspect/diagnosis", "nn/initialisation.py", "page")
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


def test_what_is_said_of_a_damaged_file_has_its_chinese() -> None:
    places = (f"experiments/{part}" for part in ("runner/folder.py", "results", "decision", "data/prepare/prepared.py"))
    own = [wording.replace(HOLE, "§") for _, _, wording in raised(*places, kinds=frozenset(("ValueError", "OSError")))]
    assert len(own) > 12
    own.remove("not a text in §")  # said with its place, and the languages in it
    assert [said for said in own if not (wording_of(said) or ("",))[0].startswith("errors.damage.")] == []
    schema = [wording.format(place="§") for wording in wordings()]
    assert [said for said in schema if wording_of(said) is None] == []


@pytest.mark.parametrize("error", [
    ValueError("Exceeds the limit (4300 digits) for integer string conversion"),
    ValueError("column a, row 3"),
    KeyError("no JSON at line 1, column 1"),
    TypeError("it is compressed"),
])  # fmt: skip
def test_what_a_library_says_of_a_file_is_not_repeated(error: Exception) -> None:
    assert in_words(error) == "the content does not fit"
    assert translated(in_words(error), "zh") == "内容不合要求"


@pytest.mark.parametrize(("read", "said"), [
    (lambda: json.loads("{"), "no JSON at line 1, column 2"),
    (lambda: tomllib.loads("a = 1\nb = = 2"), "no TOML at line 2, column 5"),
    (lambda: tomllib.loads("a = "), "no TOML at its end"),
    (lambda: b"a\xff".decode("utf-8"), "no UTF-8 at byte 1"),
    (lambda: TypeAdapter(int).validate_python("x"), "the content is no whole number"),
    (lambda: TypeAdapter(dict[str, float]).validate_python({"a": "x"}), "a is no number"),
])  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(read: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError) as caught:
        read()
    assert in_words(caught.value) == said
    assert re.search(r"[\u4e00-\u9fff]", translated(said, "zh"))


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


@pytest.mark.parametrize(("what", "said"), [
    ("unknown target column 'lable'", "没有名为 'lable' 的目标列"),
    ("unknown ignore column 'a b'", "没有名为 'a b' 的要略去的列"),
    ("unknown contender option 'depth'", "没有名为 'depth' 的参赛网络选项"),
    ("the block column 'person' has no value in row 3", "块列 'person' 第 3 行没有值"),
    ("the target column 'wait' holds durations", "目标列 'wait' 中是时长"),
    ('unknown column "it\'s"', '没有名为 "it\'s" 的列'),
    ("write all rows alike, or remove this one", "各行的写法要一致，或去掉这一行"),
    ("rows 2 and 14 have the same 'd' in the series", "这条时间序列：第 2 行与第 14 行的 'd' 相同"),
])  # fmt: skip
def test_what_is_named_may_have_several_words(what: str, said: str) -> None:
    assert translated(what, "zh") == said


def test_a_sentence_that_is_quoted_loses_its_full_stop() -> None:
    why = catalogue("en")["claims.untested.gates"].removesuffix(".")
    error = BadPlan(f"this run cannot answer --claims gates: {why}", fix="leave it out")
    assert "，例如 random-recall；解决办法：" in line_in(error, "zh")


def test_what_has_no_wording_stays_as_it_is() -> None:
    assert line_in(BadPlan("zyx wvu"), "zh") == "zyx wvu"
    assert line_in(CarouselError("zyx; wvu"), "zh") == "zyx; wvu"
