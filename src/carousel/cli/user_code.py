"""From "train.py:make" to a model, a batch and a loss: the file imported, its function called, its answer checked.

Whatever goes wrong there is the user's mistake and reported in one line.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.optim import Optimizer

from carousel.cli.user_errors import user_errors
from carousel.common.errors import BadCall, BadData, UnknownName
from carousel.introspect.diagnosis.observe.passes import LossFunction

DEFAULT = "make"
#: The options of `diagnose`, and what each may be.
OPTIONS: dict[str, tuple[type, ...]] = {
    "optimizer": (Optimizer,),
    "learning_rate": (int, float),
    "clip_norm": (int, float),
    "causal": (bool,),
    "lengths": (Tensor,),
    "dependency": (int,),
    "continues": (bool,),
    "train_step": (Callable,),  # type: ignore[dict-item]
}


class Case(NamedTuple):
    """What `diagnose` is called with. options: its keyword arguments."""

    model: nn.Module
    batch: Any
    loss_fn: LossFunction
    options: dict[str, Any]


def split(target: str) -> tuple[Path, str]:
    """ "train.py:make" -> file and function; without a colon the function is `make`. Raises BadData: no such file."""
    before, colon, after = target.rpartition(":")
    file, function = (Path(before), after) if colon and not Path(target).is_file() else (Path(target), DEFAULT)
    if not file.is_file():
        got = "a folder" if file.is_dir() else None
        raise BadData(f"there is no file {str(file)!r}", got=got, fix="carousel doctor FILE.py:FUNCTION")
    if not os.access(file, os.R_OK):
        raise BadData(f"{str(file)!r} cannot be read", fix="ask for the permission")
    return file, function


def load(file: Path, function: str, *, show: bool = False) -> Case:
    """Import the file, its own folder first on sys.path and itself alone in sys.argv, as Python would, and call its
    function. The folder stays on sys.path: loss_fn may import from it later. show: print the traceback of an exception
    of theirs. Raises BadData, UnknownName or BadCall for what cannot be used."""
    folder = str(file.resolve().parent)
    if sys.path[0] != folder:
        sys.path.insert(0, folder)
    with _arguments(str(file)):
        with user_errors(f"importing {file.name}", file, show=show):
            module = _imported(file)
        make = _function(module, function, file)
        with user_errors(f"{function}()", file, show=show):
            made = make()
    return checked(made, f"{function}() in {file.name}")


def checked(made: Any, what: str) -> Case:
    """(model, batch, loss_fn) or (model, batch, loss_fn, options). Raises BadCall, which names each thing wrong, and
    UnknownName for an option that does not exist."""
    allowed = "(model, batch, loss_fn), or a dict of options as a fourth"
    if not isinstance(made, tuple | list) or len(made) not in (3, 4):
        got = f"{len(made)} things" if isinstance(made, tuple | list) else _in_words(made)
        raise BadCall(f"{what} returns the wrong things", allowed=allowed, got=got)
    model, batch, loss_fn, options = (*made, {})[:4]
    wrong = [*_wrong_parts(model, batch, loss_fn), *_wrong_options(options, what)]
    if wrong:
        raise BadCall(f"{what} returns the wrong things", allowed=allowed, got=", ".join(wrong))
    return Case(model, batch, loss_fn, dict(options))


def _wrong_parts(model: Any, batch: Any, loss_fn: Any) -> Iterator[str]:
    if not isinstance(model, nn.Module):
        yield f"model is {_in_words(model)} and no torch.nn.Module"
    if batch is None:
        yield "batch is None"
    if isinstance(loss_fn, nn.Module) or not callable(loss_fn):
        yield f"loss_fn is {_in_words(loss_fn)} and no function of (model, batch)"
    elif not _takes(loss_fn, 2):
        yield f"loss_fn{inspect.signature(loss_fn)} does not take (model, batch)"


def _wrong_options(options: Any, what: str) -> Iterator[str]:
    if not isinstance(options, dict):
        yield f"the options are {_in_words(options)} and no dict"
        return
    for name, value in options.items():
        if name not in OPTIONS:
            raise UnknownName(f"option of {what}", str(name), OPTIONS)
        kinds = OPTIONS[name]
        fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
        if value is not None and not fits:
            yield f"{name} is {_in_words(value)} and no {' or '.join(kind.__name__ for kind in kinds)}"


def _in_words(value: Any) -> str:
    return f"the class {value.__name__} itself" if isinstance(value, type) else f"of type {type(value).__name__}"


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Whether it can be called with so many arguments; True where it does not say (a builtin)."""
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:
        return True
    return True


@contextmanager
def _arguments(file: str) -> Iterator[None]:
    """Their file may read the command line: it sees its own name and no options of ours."""
    ours = sys.argv
    sys.argv = [file]
    try:
        yield
    finally:
        sys.argv = ours


def _imported(file: Path) -> ModuleType:
    """Under its own name, so that what it defines can be found again; under another where that name is taken."""
    name = file.stem if file.stem not in sys.modules else f"{file.stem}__examined"
    spec = importlib.util.spec_from_file_location(name, file.resolve())
    if spec is None or spec.loader is None:
        raise BadData(f"{file.name} is no Python file", allowed="FILE.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _function(module: ModuleType, name: str, file: Path) -> Callable[[], Any]:
    if name not in vars(module):
        own = [n for n, v in vars(module).items() if inspect.isfunction(v) and v.__module__ == module.__name__]
        known = [n for n in own if not n.startswith("_")]
        if not known:
            raise BadData(f"{file.name} defines no function {name!r}, nor any other", fix=f"write def {name}(): ...")
        raise UnknownName(f"function of {file.name}", name, known)
    found: Callable[[], Any] = vars(module)[name]
    if not callable(found):
        raise BadData(f"{name} in {file.name} is no function", got=_in_words(found))
    if not _takes(found, 0):
        raise BadData(f"{name} in {file.name} needs arguments", allowed=f"{name}()",
                      got=f"{name}{inspect.signature(found)}")  # fmt: skip
    return found
