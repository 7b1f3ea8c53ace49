"""Nothing that a name holds steers a terminal: errors, lines, tables and progress show escapes; JSON reads back."""

from __future__ import annotations

import io
import json
import sys

import pytest

from carousel.cli.console import Console
from carousel.common.errors import UnknownName, UserError
from carousel.common.terminal import one_line, overwrite_line, print_line, visible
from carousel.experiments.progress import ProgressDisplay
from tests.support.forked import forked
from tests.support.runs import small_plan

STEERING = "\x1b]0;x\x07\x1b[2J\x9b5n\u202eabc\u2066\u061c\u2028\ufeff\x7f\x00\U000e0041\udcff"


def harmless(printed: str) -> bool:
    return not set(STEERING) - set("]0;x[2J5nabc") & set(printed)


def test_what_steers_is_shown_by_its_escape():
    assert visible(STEERING).isascii() and harmless(visible(STEERING))
    assert visible("\x1b\u202e\udcff") == r"\x1b\u202e\udcff"


def test_words_of_every_script_stay_as_they_are():
    for words in ("T=100 · ±1/√H", "对照 ，。", "می\u200cخواهم", "क्\u200dष", "one\n\ttwo"):
        assert visible(words) == words


def test_a_name_begins_no_line_of_its_own():
    assert one_line("a\nb\t\x1b") == r"a\nb\t\x1b"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_console_prints_no_character_that_steers(stream, capsys):
    console = Console("en", quiet=stream == "stderr")
    console.lines([STEERING])
    console.table(["a", "b"], [[STEERING, "1"], ["c\nd", "2"]])
    printed = getattr(capsys.readouterr(), stream.removeprefix("std"))
    assert harmless(printed) and len(printed.splitlines()) == 4


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "environment", "coloured"), [
    (Terminal(), {}, True),
    (Terminal(), {"NO_COLOR": ""}, True),
    (Terminal(), {"NO_COLOR": "1"}, False),
    (Terminal(), {"TERM": "dumb"}, False),
    (io.StringIO(), {}, False),
])  # fmt: skip
def test_colour_is_for_a_terminal_whose_owner_wants_it(monkeypatch, stream, environment, coloured):
    for name, value in ({"TERM": "xterm", "NO_COLOR": ""} | environment).items():
        monkeypatch.setenv(name, value)
    print_line("✓ a\x1b[2J", stream, {"✓": "32"})
    mark = "\x1b[32m✓\x1b[0m" if coloured else "✓"
    assert stream.getvalue() == f"{mark} a\\x1b[2J\n"


def test_a_line_is_overwritten_and_what_steers_in_it_is_not_sent():
    stream = Terminal()
    overwrite_line("a\nb\x1b[2J", stream)
    overwrite_line("", stream)
    assert stream.getvalue() == "\r\x1b[Ka\\nb\\x1b[2J\r\x1b[K"


def test_json_is_escaped_as_json_and_reads_back_the_same(capsys):
    value = {STEERING: [STEERING, "漢字\n"]}
    Console("en").json(value)
    printed = capsys.readouterr().out
    assert harmless(printed) and json.loads(printed) == value and "漢字" in printed


def test_errors_hold_no_character_that_steers():
    for error in (
        UserError(STEERING, allowed=STEERING, got=STEERING, fix=STEERING),
        UnknownName("task", STEERING, [STEERING]),
    ):
        assert harmless(str(error)) and "\n" not in str(error)


def test_progress_prints_no_character_that_steers():
    stream = io.StringIO()
    ProgressDisplay(small_plan(), "en", stream).print([STEERING])
    assert harmless(stream.getvalue())


def test_a_stream_that_lacks_a_character_gets_its_escape():
    held = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_line("漢", held)
    held.seek(0)
    assert held.read() == "\\u6f22\n"


def test_what_was_typed_wrongly_is_escaped(tmp_path):
    for arguments in (
        ["compare", "x\x1b[2J"],
        ["compare", "--x\x1b[2J"],
        ["report", "x\x1b[2J\u202e"],
        ["report", b"\xff".decode(sys.getfilesystemencoding(), "surrogateescape")],
    ):
        done = forked(*arguments, cwd=tmp_path)
        assert done.returncode == 2 and harmless(done.stderr) and len(done.stderr.splitlines()) == 1, done.stderr
