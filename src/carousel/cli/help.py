"""What `--help` prints, in the language of the command: the words are in `common/texts/help.*.toml`.

typer lays the options out; its own help has one language, and one list of options.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

from typer.core import TyperCommand, TyperGroup

from carousel.cli.columns import columns, padded, wrapped
from carousel.cli.language import of_this_command
from carousel.common.texts import catalogue, text

_WIDEST, _NAMES = 100, 24  # columns: of a line, of the names beside which their meaning stands
_GROUPS = ("arguments", "what", "file", "cost", "output", "options")
#: Worked examples, by the key of what is said of them.
EXAMPLES = {
    "compare": {
        "quick": ["carousel compare"],
        "chosen": [
            "carousel compare adding copy-memory --contenders rnn:orthogonal,lstm:chrono,gru --lengths 50,100 --dry-run"
        ],
        "file": [
            "carousel example gestures --out gestures.csv",
            "carousel compare gestures.csv --target label --group gesture --order step",
        ],
    },
    "report": {"report-chinese": ["carousel report runs/quick --lang zh"]},
    "verdicts": {
        "verdicts-seeds": ["carousel verdicts runs/one runs/other"],
        "verdicts-reference": ["carousel verdicts runs/one reference"],
    },
    "lab": {"lab": ["carousel lab --out lab.html"]},
    "doctor": {"doctor": ["carousel doctor train.py:make"]},
    "example": {"example-file": ["carousel example rivers --out rivers.csv"]},
}


def said(command: str, name: str, lang: str) -> str:
    """What is said of a command's option, of an option that many have, or "" where nothing is."""
    texts = catalogue(lang)
    return texts.get(f"help.{command}.{name}", texts.get(f"help.all.{name}", ""))


class _Spoken:
    """Help, and what completion shows, from the catalogue."""

    name: str | None

    def format_help(self, context: Any, formatter: Any) -> None:
        """The page of one command."""
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        formatter.write("\n".join(_page(self, context, of_this_command(), width)) + "\n")

    def get_short_help_str(self, limit: int = 45) -> str:
        """The summary, for completion."""
        return said(str(self.name), "summary", of_this_command())

    def shell_complete(self, context: Any, incomplete: str) -> Any:
        """What may follow, each with what is said of it."""
        for param in self.get_params(context):  # type: ignore[attr-defined]
            param.help = said(str(self.name), _key(param), of_this_command())
        return super().shell_complete(context, incomplete)  # type: ignore[misc]


class Command(_Spoken, TyperCommand):
    """A command with help in two languages."""


class Group(_Spoken, TyperGroup):
    """`carousel` itself."""


def _page(command: Any, context: Any, lang: str, width: int) -> list[str]:
    """Usage, what it does, options in groups, commands, examples."""
    name = str(command.name)
    paragraphs = [_usage(command, context, lang), said(name, "summary", lang), said(name, "about", lang)]
    blocks = [block for told in paragraphs for block in _paragraphs(told, width)]
    blocks += [*_options(command, context, lang, width), *_commands(command, lang, width)]
    if name in EXAMPLES:
        blocks.append(_examples(name, lang, width))
    if name in ("carousel", "compare", "contenders"):
        blocks.append(wrapped(text("help.group.syntax", lang), width))
    return [line for block in blocks for line in (*block, "")][:-1]


def _usage(command: Any, context: Any, lang: str) -> str:
    arguments = [_named(param) for param in command.params if param.param_type_name == "argument"]
    follows = text("help.word.command", lang) if isinstance(command, TyperGroup) else " ".join(arguments)
    line = " ".join(filter(None, (context.command_path, follows, text("help.word.options", lang))))
    return text("help.word.usage", lang, line=line)


def _paragraphs(told: str, width: int) -> Iterator[list[str]]:
    """Paragraphs wrapped; one that is indented is code, and stays as it is."""
    for paragraph in told.split("\n\n"):
        lines = paragraph.strip("\n").split("\n")
        yield lines if lines[0].startswith("    ") else wrapped(" ".join(lines), width)


def _options(command: Any, context: Any, lang: str, width: int) -> Iterator[list[str]]:
    """A block for each group that has any."""
    shown = [param for param in command.get_params(context) if not getattr(param, "hidden", False)]
    rest = "output" if any(_panel(param) for param in shown) else "options"
    for group in _GROUPS:
        inside = [param for param in shown if (_panel(param) or _default_group(param, rest)) == group]
        rows = [(_named(param), _meaning(command, param, lang)) for param in inside]
        if rows:
            yield [text(f"help.group.{group}", lang), *_rows(rows, width)]


def _panel(param: Any) -> str | None:
    return getattr(param, "rich_help_panel", None)


def _default_group(param: Any, rest: str) -> str:
    return "arguments" if param.param_type_name == "argument" else rest


def _named(param: Any) -> str:
    """--budget NAME, -h, --help, or FOLDER."""
    if param.param_type_name == "argument":
        return str(param.metavar or param.name.upper())
    names = ", ".join(sorted(param.opts, key=len))
    return names if param.is_flag else f"{names} {param.metavar}"


def _meaning(command: Any, param: Any, lang: str) -> str:
    told = said(str(command.name), _key(param), lang)
    if param.param_type_name == "argument" or param.is_flag or param.default in (None, ""):
        return told
    return text("help.word.default", lang, told=told, value=param.default)


def _key(param: Any) -> str:
    return str(param.name).rstrip("_")


def _commands(command: Any, lang: str, width: int) -> list[list[str]]:
    rows = [(name, said(name, "summary", lang)) for name in getattr(command, "commands", ())]
    return [[text("help.group.commands", lang), *_rows(rows, width)]] if rows else []


def _examples(name: str, lang: str, width: int) -> list[str]:
    lines = [text("help.group.examples", lang)]
    for key, typed in EXAMPLES[name].items():
        told = wrapped(text(f"help.worked.{key}", lang), width - 2)
        lines += [*(f"  {line}" for line in told), *(f"    {line}" for line in typed)]
    return lines


def _rows(rows: list[tuple[str, str]], width: int) -> list[str]:
    """Names, and beside them what they mean; below them where the name is long."""
    beside = min(max(columns(name) for name, _ in rows), _NAMES)
    lines = []
    for name, meaning in rows:
        told = wrapped(meaning, width - beside - 4)
        if columns(name) > beside:
            lines.append(f"  {name}")
            name = ""
        first, *others = told or [""]
        lines += [f"  {padded(name, beside)}  {first}".rstrip(), *(" " * (beside + 4) + line for line in others)]
    return lines
