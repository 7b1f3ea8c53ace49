"""An exception of the user's code, reported in one line with the line of their file; one of ours goes on as it is."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import carousel
from carousel.common.errors import BadData, UserError
from carousel.introspect import diagnosis

_PACKAGE = Path(str(carousel.__file__)).resolve().parent
_DIAGNOSIS = Path(str(diagnosis.__file__)).resolve().parent
_PYTHON = Path(sysconfig.get_path("stdlib")).resolve()
#: What puts questions of its own to the user's code, which may be the wrong ones.
_ASKING = (_DIAGNOSIS / "symptoms", _DIAGNOSIS / "observe" / "perturbation.py")
_SHOWN = 200  # characters of a message


@contextmanager
def user_errors(doing: str, file: Path, *, show: bool) -> Iterator[None]:
    """An exception of the user's code becomes a UserError: its type, its message, the line of theirs it comes from.

    Theirs is what is in the folder of their file. An exception that passed none of it, or that arose while a symptom
    put a question of its own to it, is a fault of Carousel's and goes on as it is. show: print its traceback.
    """
    try:
        yield
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        where = _place(error, file.resolve())
        if where is None:
            raise
        if show:
            traceback.print_exception(error)
        raise BadData(
            f"{doing} raised {_in_words(error)}", got=where, fix=None if show else "--traceback shows all of it"
        ) from error


def _place(error: BaseException, file: Path) -> str | None:
    """The deepest line of the user's code that an exception passed; None where it is not theirs."""
    if isinstance(error, SyntaxError) and (error.filename is None or _is_theirs(error.filename, file)):
        line = "" if error.lineno is None else f", line {error.lineno}"
        return f"{_named(error.filename or str(file), file)}{line}"
    frames = traceback.extract_tb(error.__traceback__)
    if any(Path(frame.filename).is_relative_to(part) for frame in frames for part in _ASKING):
        return None
    theirs = [frame for frame in frames if _is_theirs(frame.filename, file)]
    if theirs:
        last = theirs[-1]
        return f"{_named(last.filename, file)}, line {last.lineno}" + (f": {last.line}" if last.line else "")
    in_backward = frames and frames[-1].filename.endswith("torch/autograd/graph.py")
    return "the backward pass of the loss, which torch refuses" if in_backward else None


def _is_theirs(path: str, file: Path) -> bool:
    found = Path(path).resolve()
    if not found.is_relative_to(file.parent) or found.is_relative_to(_PACKAGE) or found.is_relative_to(_PYTHON):
        return False
    return "site-packages" not in found.relative_to(file.parent).parts


def _named(path: str, file: Path) -> str:
    return str(Path(path).resolve().relative_to(file.parent))


def _in_words(error: BaseException) -> str:
    """Its type and message, on one line."""
    message = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    shown = message if len(message) <= _SHOWN else f"{message[:_SHOWN]}..."
    return f"{type(error).__name__}: {shown}" if shown else type(error).__name__
