"""The language of the command, and mistakes in the command line: in both languages, in our own words, on one line."""

from __future__ import annotations

import pytest

from carousel.cli.language import of_command, of_environment
from tests.support.forked import forked


@pytest.mark.parametrize(("environment", "lang"), [
    ({}, "en"),
    ({"LANG": "zh_CN.UTF-8"}, "zh"),
    ({"LANG": "zh"}, "zh"),
    ({"LANG": "de_DE.UTF-8"}, "en"),
    ({"LANG": "zh_TW.UTF-8", "LC_ALL": "C"}, "en"),
    ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh"),
    ({"LANG": "zh_CN", "LC_ALL": ""}, "zh"),
])  # fmt: skip
def test_the_environment_says_the_language(environment, lang):
    assert of_environment(environment) == lang


def test_what_is_typed_counts_before_the_environment():
    chinese = {"LANG": "zh_CN.UTF-8"}
    assert of_command(["compare", "--lang", "en"], chinese) == "en"
    assert of_command(["compare", "--lang=zh"], {}) == "zh"
    assert of_command(["compare", "--lang", "fr"], chinese) == "zh"
    assert of_command(["example", "--", "--lang", "zh"], {}) == "en"


MISTAKES = {
    "no such option": (("compare", "--lenghts", "3"), "no option --lenghts", "没有选项 --lenghts"),
    "no such command": (("comprae",), "no command 'comprae'", "没有命令 'comprae'"),
    "no number": (("compare", "--parameters", "many"), "allowed: whole numbers; got: many", "允许：整数；实际：many"),
    "too small": (("example", "gestures", "--seed", "-1"), "allowed: at least 0; got: -1", "允许：至少 0；实际：-1"),
    "nothing given": (("report",), "nothing is given for FOLDER", "没有给出 FOLDER"),
    "too much given": (("claims", "x"), "too many arguments; got: x", "参数太多；实际：x"),
    "a flag with a value": (("compare", "--json=1"), "--json takes no value", "--json 不带值"),
    "an option without one": (("compare", "--out"), "--out needs a value", "--out 需要一个值"),
    "no such task": (("compare", "addng"), "did you mean 'adding'?", "您是不是想写 'adding'？"),
    "out of range": (("compare", "--workers", "0"), "--workers is out of range", "--workers 超出范围"),
    "no file": (("compare", "no.csv"), "there is no file no.csv", "没有文件 no.csv"),
    "no run": (("report", "."), "not the folder of a run", "不是运行文件夹"),
}


@pytest.mark.parametrize(("arguments", "english", "chinese"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_both_languages(tmp_path, arguments, english, chinese):
    for lang, says in (("en", english), ("zh", chinese)):
        done = forked(arguments[0], f"--lang={lang}", *arguments[1:], cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert "Traceback" not in done.stderr and "should be" not in done.stderr
    assert list(tmp_path.iterdir()) == []
