"""Where in the user's own code an operation stands: file, line and the exact expression."""

from __future__ import annotations

import linecache
import sys
from functools import cache
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple

import torch

#: Code that is not the user's.
_OTHERS = (str(Path(torch.__file__ or "").parent), str(Path(__file__).parents[3]))


class Place(NamedTuple):
    """file: its path. line, end: of the expression, from 1. column, end_column: in bytes, from 0. function: its
    name."""

    file: str
    line: int
    end: int
    column: int
    end_column: int
    function: str

    @property
    def text(self) -> str:
        """The line as it stands in the file; "" where there is no file (a notebook's or a string's code may have
        none)."""
        return linecache.getline(self.file, self.line).rstrip("\n")

    @property
    def expression(self) -> str:
        """The expression itself; "" where it spans lines, or there is no file."""
        if self.line != self.end:
            return ""
        return self.text.encode()[self.column : self.end_column].decode()

    @property
    def shown(self) -> str:
        """ "train.py, line 12"."""
        return f"{Path(self.file).name}:{self.line}"


def calling_place() -> Place | None:
    """Of the innermost frame that is the user's; None where there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OTHERS):
        frame = frame.f_back
    return None if frame is None else _place(frame.f_code, frame.f_lasti)


@cache
def _place(code: CodeType, instruction: int) -> Place | None:
    found = next(islice(code.co_positions(), instruction // 2, None), None)
    if found is None or None in found:
        return None
    line, end, column, end_column = (int(number or 0) for number in found)
    return Place(code.co_filename, line, end, column, end_column, code.co_name)
