"""The one way to a terminal: a character that would steer it, or that cannot be seen, is shown by its escape.

Names of files, columns and classes come from others. `ESC[2J` in one would clear the screen, a bidirectional control
would turn a line around, and a lone surrogate (a file name that is not UTF-8) would end the command.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Mapping
from typing import TextIO

_JOINERS = "\u200c\u200d"  # words of some scripts are not written without them
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))  # control, format (bidirectional ones too), surrogate, separators
_MAY_HIDE = re.compile(r"[^\n\t -~]")  # everything but plain ASCII is looked up


def visible(text: str) -> str:
    """The text with every character that is not shown, or that steers, as its escape (`\\x1b`, `\\u202e`)."""
    return _MAY_HIDE.sub(lambda found: _in_python(found[0]) if _hidden(found[0]) else found[0], text)


def shortened(text: str, most: int) -> str:
    """The text, or its beginning and its end with "..." between, `most` characters in all."""
    return text if len(text) <= most else f"{text[: most - most // 3 - 3]}...{text[-(most // 3) :]}"


def one_line(text: str) -> str:
    """The same, on one line: a name with a line break in it does not begin another."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def json_text(value: object) -> str:
    """Plain data as indented JSON, whose strings hold such characters as JSON's own escapes: it reads back the same."""
    dumped = json.dumps(value, indent=2, ensure_ascii=False)
    return _MAY_HIDE.sub(lambda found: json.dumps(found[0])[1:-1] if _hidden(found[0]) else found[0], dumped)


def print_line(line: str, stream: TextIO, colours: Mapping[str, str] | None = None) -> None:
    """A line, or several, made visible; what the stream's encoding lacks is escaped too.

    colours: the code of a colour by the character that has it, such as {"✓": "32"}, for a terminal that shows colours.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    shown = visible(line).encode(encoding, "backslashreplace").decode(encoding)
    for character, code in (colours or {}).items() if takes_colour(stream) else ():
        shown = shown.replace(character, f"\x1b[{code}m{character}\x1b[0m")
    print(shown, file=stream, flush=True)


def takes_colour(stream: TextIO) -> bool:
    """A terminal, and nobody asked for none (https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def is_terminal(stream: TextIO) -> bool:
    """Someone sees it, and what is on a line can be overwritten."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def overwrite_line(line: str, stream: TextIO) -> None:
    """In place of what this printed last; "" to leave the line as it was."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(
        f"\r\x1b[K{one_line(line).encode(encoding, 'backslashreplace').decode(encoding)}",
        end="",
        file=stream,
        flush=True,
    )


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN and character not in _JOINERS


def _in_python(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode() if character > "\x7f" else f"\\x{ord(character):02x}"
