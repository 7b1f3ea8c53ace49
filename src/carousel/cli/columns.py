"""Text in columns of a terminal, where a Chinese character takes two and may stand at the end of any line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_CLOSING = "，。；：、？！）」』”》"  # begin no line
_OPENING = "（「『“《"  # end none
_WIDE = r"\u2e80-\u303e\u3041-\u9fff"
_PIECE = re.compile(rf"\s+|[{_OPENING}]*(?:[{_WIDE}]|[^\s{_WIDE}{_OPENING}{_CLOSING}]+)?[{_CLOSING}]*")


def columns(text: str) -> int:
    """How many columns it takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Filled with spaces to `width` columns; right: the text stands at the right."""
    space = " " * (width - columns(text))
    return space + text if right else text + space


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """A paragraph as lines of at most `width` columns, all but the first indented; a longer word stays whole."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line.strip() and columns(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = indent
        line += piece if line.strip() else piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> Iterator[str]:
    """What no line break may part: a word, or a Chinese character, with its marks; and the spaces between."""
    return (found[0] for found in _PIECE.finditer(text) if found[0])
