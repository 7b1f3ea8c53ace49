"""Help and lists: every command and option is told in both languages, in lines that fit, and the examples work."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest
import typer.main

from carousel.cli.app import app
from carousel.cli.columns import columns, wrapped
from carousel.cli.help import EXAMPLES, said
from carousel.common.texts import LANGUAGES, catalogue
from tests.support.forked import forked
from tests.support.runs import environment

ROOT = typer.main.get_command(app)
COMMANDS = {"carousel": ROOT, **ROOT.commands}  # type: ignore[attr-defined]
INSIDE = {
    inner: name
    for name, command in COMMANDS.items()
    for inner in getattr(command, "commands", ())
    if command is not ROOT
}
COMMANDS |= {inner: COMMANDS[name].commands[inner] for inner, name in INSIDE.items()}
CHINESE = range(0x4E00, 0xA000)
GROUPS = {
    "What is compared": ("--contenders", "--lengths", "--claims", "--plan"),
    "How a file is read": ("--target", "--group", "--order", "--forecast", "--split", "--drop-short"),
    "What it costs": ("--budget", "--parameters", "--workers", "--dry-run"),
    "What comes out": ("--out", "--json", "--lang", "--help"),
}


def typed(name: str) -> tuple[str, ...]:
    """Its words behind `carousel`; those of one inside another too."""
    return () if name == "carousel" else (INSIDE[name], name) if name in INSIDE else (name,)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_told(name: str, lang: str) -> None:
    told = [said(name, param.name.rstrip("_"), lang) for param in COMMANDS[name].params]
    assert all([*told, said(name, "summary", lang)])


def test_nothing_is_told_of_what_is_not_there() -> None:
    known = {f"{name}.{param.name.rstrip('_')}" for name, command in COMMANDS.items() for param in command.params}
    known |= {f"{name}.{part}" for name in COMMANDS for part in ("summary", "about")} | {"all.help"}
    known |= {f"all.{name}" for name in ("json", "lang")}
    known |= {f"worked.{key}" for examples in EXAMPLES.values() for key in examples}
    told = {key.removeprefix("help.") for key in catalogue("en") if key.startswith("help.")}
    assert {key for key in told - known if key.split(".")[0] not in ("word", "group")} == set()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_is_in_one_language_and_fits(name: str, lang: str) -> None:
    done = forked(*typed(name), "--lang", lang, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    prose = [line for line in done.stdout.splitlines() if not line.startswith("    ")]
    assert all(columns(line) <= 100 for line in prose), max(prose, key=columns)
    assert any(ord(character) in CHINESE for character in done.stdout) == (lang == "zh")
    english = ("Usage", "Options", "Examples", "default:", "Commands", "Arguments")
    assert lang == "en" or not [word for word in english if word in done.stdout]


def test_options_of_compare_stand_in_groups_with_three_examples() -> None:
    page = forked("compare", "-h").stdout
    blocks = {block.split("\n")[0]: block for block in page.split("\n\n")}
    for group, options in GROUPS.items():
        assert [option for option in options if f"  {option}" not in blocks[group].replace("-h, ", "")] == [], group
    assert len(EXAMPLES["compare"]) == 3
    lines = [line for lines in EXAMPLES["compare"].values() for line in lines]
    assert [line for line in lines if f"    {line}" not in blocks["Examples"].split("\n")] == []


@pytest.mark.slow
def test_the_examples_of_compare_are_accepted(tmp_path) -> None:
    file = forked("example", "gestures").stdout
    (tmp_path / "gestures.csv").write_text(file, encoding="utf-8")
    for line in (line for lines in EXAMPLES["compare"].values() for line in lines if " compare" in line):
        done = forked(*shlex.split(line)[1:], "--dry-run", cwd=tmp_path)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("place", ["before", "behind", "environment"])
def test_the_language_may_stand_before_the_command_or_behind_it(place: str) -> None:
    arguments = {"before": ("--lang", "zh", "tasks"), "behind": ("tasks", "--lang", "zh"), "environment": ("tasks",)}
    code = "from carousel.cli.app import main; main()"
    chinese = {"LC_ALL": "zh_CN.UTF-8"} if place == "environment" else {}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments[place]], capture_output=True, text=True, env=environment() | chinese
    )
    assert "T 个数中有两个带标记，求它们的和" in done.stdout, done.stderr


def test_a_language_behind_the_command_counts_before_one_in_front_of_it() -> None:
    assert "add the two marked numbers" in forked("--lang", "zh", "tasks", "--lang", "en").stdout


@pytest.mark.parametrize("what", ["tasks", "contenders", "example", "claims"])
def test_a_list_in_chinese_has_the_same_names_and_fits(what: str) -> None:
    english, chinese = (forked(what, "--lang", lang).stdout.splitlines() for lang in LANGUAGES)
    assert english and [line.split()[0] for line in english] == [line.split()[0] for line in chinese]
    assert all(any(ord(character) in CHINESE for character in line) for line in chinese)
    assert max(map(columns, [*english, *chinese])) <= 130


def test_a_list_as_json_has_both_languages() -> None:
    first = json.loads(forked("tasks", "--json").stdout)[0]
    assert first["summary"] == {lang: catalogue(lang)[f"lists.task.{first['name']}"] for lang in LANGUAGES}


def test_completion_tells_what_a_command_does() -> None:
    asked = {"_CAROUSEL_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "carousel ver", "LC_ALL": "zh_CN.UTF-8"}
    code = "import sys; sys.argv[0] = 'carousel'; from carousel.cli.app import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment() | asked)
    assert "并排显示几次运行的结论" in done.stdout, done.stderr


@pytest.mark.parametrize("width", [10, 21, 40])
def test_wrapped_lines_hold_all_and_break_where_they_may(width: int) -> None:
    text = "写 `reference` 则表示随附的（参考）结果。A longer word; 用逗号隔开，例如 lstm:chrono。"
    lines = wrapped(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(columns(line) <= max(width, columns("lstm:chrono。")) for line in lines)
    assert not [line for line in lines if line[0] in "，。；）" or line[-1] in "（"]
