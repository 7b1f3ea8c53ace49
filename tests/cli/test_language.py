"""The language of the command, and mistakes in the command line: in both languages, in our own words, on one line."""

from __future__ import annotations

import re

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


#: What was typed, and what the line says; none of it trains, were it right.
MORE_MISTAKES = [
    (("compare", "--budget", "huge"), "unknown budget 'huge'; allowed: full, quick, standard"),
    (("compare", "adding", "x.csv"), "a file is compared alone; got: adding, x.csv; fix: give one file"),
    (("compare", "--seed", "1.5"), "--seed is not valid; allowed: whole numbers; got: 1.5"),
    (("compare", "--seed", "-1"), "allowed: 0 or more, at most 1000000000000; got: -1"),
    (("compare", "--kernel", "cuda"), "unknown kernel 'cuda'; allowed: auto, numba"),
    (("compare", "--kernel", "replay"), "there is nothing to replay; fix: leave --kernel out"),
    (("compare", "--claims", "gatez"), "fix: did you mean 'gates'?"),
    (("compare", "--claims", ","), "--claims names nothing; allowed: names, comma-separated; got: ','"),
    (("compare", "--lengths", "30,x"), "allowed: whole numbers from 1, comma-separated; got: 30,x"),
    (("compare", "adding", "--lengths", "1"), "allowed: at least 2; got: length 1; fix: --lengths 2"),
    (("compare", "--contenders", "lstmm"), "fix: did you mean 'lstm'?"),
    (("compare", "--contenders", "lstm:chorno"), "fix: did you mean 'chrono'?"),
    (("compare", "--contenders", "lstm,layers=0"), "layers must be a whole number; allowed: 1 to 16; got: 0"),
    (("compare", "--contenders", "lstm,depth=2"), "unknown contender option 'depth'; allowed: layers"),
    (("compare", "--contenders", ""), "--contenders names nothing"),
    (("compare", "adding", "--target", "y"), "fix: name the file first"),
    (
        ("compare", "--plan", "nothing"),
        "there is no plan at 'nothing'; fix: give the plan.toml of an earlier run, or its",
    ),
    (("compare", "adding", "--plan", "nothing"), "fix: give only --out, --workers, --json or --lang with it"),
    (("compare", "--split", "a,b,c"), "allowed: three shares, such as 0.6,0.2,0.2; got: a,b,c"),
    (("compare", "--horizon", "x"), "--horizon is not valid; allowed: whole numbers; got: x"),
    (("compare", "--window", "0"), "--window goes with --forecast; got: 0; fix: leave --window out"),
    (("report", "a", "b"), "there are too many arguments; got: b"),
    (("verdicts",), "nothing is given for FOLDER"),
    (("verdicts", "nothing"), "'nothing' is not the folder of a run"),
    (("doctor",), "nothing is given for FILE[:FUNCTION]"),
    (("doctor", "nothing.py"), "there is no file 'nothing.py'; fix: carousel doctor FILE.py:FUNCTION"),
    (("bench", "--threads", "0"), "allowed: whole numbers from 1, comma-separated; got: 0"),
    (("bench", "--pairs", "0"), "--pairs is out of range; allowed: 3 to 1000; got: 0"),
    (("bench", "--only", "tensorflow"), "unknown comparison 'tensorflow'; allowed: loop"),
    (("calibrate", "--repetitions", "0"), "--repetitions is out of range; allowed: 4 to 100000; got: 0"),
    (("calibrate", "--only", "gatez"), "unknown rule 'gatez'; allowed: attention"),
    (("tasks", "--lagn"), "there is no option --lagn; fix: did you mean '--lang'?"),
    (("example", "gesture"), "fix: did you mean 'gestures'?"),
    (("example", "gestures", "rivers"), "there are too many arguments; got: rivers"),
]


@pytest.mark.parametrize(("arguments", "english"), MORE_MISTAKES, ids=[" ".join(a) for a, _ in MORE_MISTAKES])
def test_a_mistake_is_one_line_in_each_language_and_writes_nothing(tmp_path, arguments, english):
    lines = {}
    for lang in ("en", "zh"):
        done = forked("--lang", lang, *arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        (lines[lang],) = done.stderr.splitlines()
    assert lines["en"].startswith("carousel: ") and english in lines["en"]
    labels = (("; allowed: ", "；允许："), ("; got: ", "；实际："), ("; fix: ", "；解决办法："))
    assert [e in lines["en"] for e, _ in labels] == [c in lines["zh"] for _, c in labels], lines["zh"]
    assert re.search(r"[\u4e00-\u9fff]", lines["zh"].split("；")[0]), lines["zh"]
    assert list(tmp_path.iterdir()) == []


def test_a_language_that_there_is_not_is_refused_before_the_command_too():
    for arguments in (("--lang", "fr", "tasks"), ("tasks", "--lang", "fr")):
        done = forked(*arguments)
        assert (done.returncode, done.stderr) == (2, "carousel: unknown language 'fr'; allowed: en, zh\n")
