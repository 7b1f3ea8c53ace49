"""Command lines: options of every command with values of every sort, in this process, up to where work would begin."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from carousel.cli import app
from carousel.cli.ending import exit_code
from carousel.common.errors import UserError
from carousel.experiments.tasks import TASKS
from tests.fuzz import bases
from tests.fuzz.kinds.contenders import listed
from tests.fuzz.kinds.tables import long_rows
from tests.fuzz.mutate import word

_TEXTS = (
    "--lang",
    "--out",
    "--only",
    "--plan",
    "--contenders",
    "--claims",
    "--budget",
    "--kernel",
    "--kind",
    "--target",
    "--group",
    "--order",
    "--forecast",
    "--split",
    "--lengths",
    "--threads",
    "--fill",
)
_NUMBERS = ("--parameters", "--workers", "--seed", "--horizon", "--window", "--pairs", "--repetitions")
_FLAGS = (
    "--json",
    "--help",
    "--version",
    "--drop-short",
    "--wide",
    "--every-step",
    "--dry-run",
    "-h",
    "-x",
    "--",
    "---",
)
_KNOWN = {
    "--lang": ("en", "zh"), "--budget": ("quick", "standard", "full"), "--kernel": ("auto", "reference", "torch",
    "numba"), "--kind": ("classification", "regression"),
    "--lengths": ("8", "30,100", "1", "9" * 5000, "1e3", "٣", "0", "10000000"), "--split": (".6,.2,.2", "1,1",
    "nan,nan,nan", "1e400,0,0"), "--fill": ("last", "linear", "mean"), "--threads": ("1,2", "999999"),
    "--claims": ("gates", "length,gates", "vanishing"), "--target": ("label",), "--group": ("id",), "--order": ("t",),
    "--forecast": ("a", "a,b"), "--only": ("torch", "vanishing", ","),
}  # fmt: skip
_VALUES = (
    "0",
    "1",
    "-1",
    "8",
    "2000",
    "10**9",
    "1e9",
    "9" * 30,
    "9" * 5000,
    "1.5",
    "",
    " 3",
    "٣",
    "nan",
    "0x10",
    "1000000000000",
)
_COMMANDS = (
    "compare",
    "compare",
    "compare",
    "report",
    "verdicts",
    "doctor",
    "bench",
    "calibrate",
    "tasks",
    "contenders",
    "example",
    "claims",
    "comparee",
    "",
)
DOCTOR = "import torch\nmake = lambda: None\n"


class Reached(Exception):
    """The command line was accepted: from here on the command would work."""


def command_line(draw: Random, folder: Path) -> None:
    """`carousel ARGUMENTS` in a folder with a table; UserError with what is printed where it ends with code 2."""
    (folder / "t.csv").write_text("\n".join(map(",".join, long_rows())))
    (folder / "m.py").write_text(
        draw.choice(
            (
                DOCTOR,
                "def make(:\n",
                "raise SystemExit(3)",
                "import nothing_of_that_name",
                "def make():\n    return 1, 2\n",
                "\x00",
            )
        )
    )
    arguments = _arguments(draw)
    code, printed = _run(arguments, folder)
    if code not in (0, 2):
        raise AssertionError(f"exit code {code} of {arguments}: {printed}")
    if code == 2:
        raise UserError(_one_line(printed, arguments))


def _one_line(printed: str, arguments: list[str]) -> str:
    lines = printed.splitlines()
    if len(lines) != 1 or not lines[0].startswith("carousel: "):
        raise AssertionError(f"{len(lines)} lines of {str(arguments)[:500]}: {printed[:500]}")
    return lines[0]


def _run(arguments: list[str], folder: Path) -> tuple[int, str]:
    out, error = io.StringIO(), io.StringIO()
    with _here(folder, arguments), _stopped(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            code = exit_code(app.app)
        except Reached:
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return code, error.getvalue()


@contextlib.contextmanager
def _here(folder: Path, arguments: list[str]) -> Iterator[None]:
    before = Path.cwd(), list(sys.path), set(sys.modules), sys.argv
    os.chdir(folder)
    sys.argv = ["carousel", *arguments]
    try:
        yield
    finally:
        os.chdir(before[0])
        sys.path[:], sys.argv = before[1], before[3]
        for name in {"m", "t"} & (set(sys.modules) - before[2]):
            del sys.modules[name]


@contextlib.contextmanager
def _stopped() -> Iterator[None]:
    """Where a command would begin to train, to time, to simulate or to draw, it has accepted what was typed."""

    def reached(*_: Any, **__: Any) -> Any:
        raise Reached

    with (
        patch("carousel.cli.compare.run_comparison", reached),
        patch("carousel.cli.bench.benchmark", reached),
        patch("carousel.cli.calibrate._oracles", reached),
        patch("carousel.experiments.finalise.build", lambda *_: []),
    ):
        yield


def _arguments(draw: Random) -> list[str]:
    command = draw.choice(_COMMANDS)
    given = [*_first(command, draw)]
    for _ in range(draw.choice((0, 1, 1, 2, 3))):
        given[len(given) : len(given)] = _option(draw)
    if draw.random() < 0.1:
        draw.shuffle(given)
    arguments = [command, *given] if command else given
    return [
        os.fsdecode(typed.replace("\0", "").encode("utf-8", "surrogateescape" if "\udcff" in typed else "replace"))
        for typed in arguments
    ]


def _first(command: str, draw: Random) -> list[str]:
    """The arguments that a command takes, mostly sound."""
    if draw.random() < 0.15:
        return [word(draw) for _ in range(draw.randrange(3))]
    if command == "compare":
        table = ["t.csv", "--target", "label", "--group", "id", "--order", "t"]
        tasks = [draw.choice((*TASKS, "delayed-recall"))]
        return draw.choice(
            (
                table,
                tasks,
                tasks,
                [*tasks, "t.csv"],
                [],
                ["-"],
                ["/dev/stdin"],
                ["/dev/zero"],
                ["."],
                ["\udcff.csv"],
                ["nothing.csv"],
            )
        )
    if command in ("report", "verdicts"):
        return [draw.choice((str(bases.run("task")), str(bases.run("file")), ".", "t.csv", "-", "/dev/null"))]
    if command == "doctor":
        return [
            draw.choice(
                ("m.py", "m.py:make", "m.py:nothing", "t.csv", "m.py:", ":", ".", "-", "/dev/stdin", "m.py:os.system")
            )
        ]
    if command == "example":
        return [draw.choice(("gestures", "rivers", "gesture", ""))]
    return []


def _option(draw: Random) -> list[str]:
    kind = draw.random()
    if kind < 0.15:
        return [draw.choice(_FLAGS)]
    if kind < 0.45:
        name = draw.choice(_NUMBERS)
        return draw.choice(([name, draw.choice(_VALUES)], [f"{name}={draw.choice(_VALUES)}"], [name]))
    name = draw.choice(_TEXTS)
    if name == "--contenders":
        return [name, listed(draw)]
    return [name, draw.choice((*_KNOWN.get(name, ("there",)), word(draw)))]
