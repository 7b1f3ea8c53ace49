"""A command line that typer refuses, in our own words: what, what is allowed, what was given, the fix."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import typer

from carousel.common.errors import UserError

UsageError: type[Exception] = typer.BadParameter.__bases__[0]  # typer exports only the special cases of it
_ALLOWED = {"int_parsing": "whole numbers", "int_parsing_size": "whole numbers", "float_parsing": "numbers"}
_TOO_MANY = re.compile(r"unexpected extra argument(?:s|\(s\))? \((.*)\)")


def in_our_words(error: Any) -> UserError:
    """The refusal as a user's error. Its kind is known by its class and its fields, not by its wording."""
    command = error.ctx.command_path if error.ctx else "carousel"
    what, allowed, got = _told(error, type(error).__name__)
    return UserError(what, allowed=allowed, got=got, fix=_near(error) or f"see `{command} --help`")


def _told(error: Any, kind: str) -> tuple[str, str | None, Any]:
    if kind == "NoSuchOption":
        return f"there is no option {error.option_name}", None, None
    if kind == "MissingParameter":
        return f"nothing is given for {_named(error)}", None, None
    if kind == "BadOptionUsage":
        takes = "does not take a value" in error.message
        return f"{error.option_name} {'takes no value' if takes else 'needs a value'}", None, None
    if kind == "BadParameter" and error.param is not None:
        first = _first(error.__cause__)
        return f"{_named(error)} is not valid", _allowed(first), first.get("input")
    extra = _TOO_MANY.search(error.message)
    if extra:
        return "there are too many arguments", None, extra[1]
    unknown = re.search(r"No such command '(.*?)'", error.message)
    if unknown:
        return f"there is no command {unknown[1]!r}", ", ".join(error.ctx.command.commands), None
    return "the command line cannot be read", None, error.message


def _first(cause: BaseException | None) -> Mapping[str, Any]:
    """The first refusal of pydantic, which typer converts by; empty where the cause is another."""
    from pydantic import ValidationError  # 30 ms that a command line without a mistake need not wait for

    return cause.errors()[0] if isinstance(cause, ValidationError) else {}


def _allowed(first: Mapping[str, Any]) -> str | None:
    """By the kind of the refusal; None where it is another."""
    if first.get("type") == "greater_than_equal":
        return f"at least {first['ctx']['ge']}"
    return _ALLOWED.get(first.get("type", ""))


def _near(error: Any) -> str | None:
    """The nearest name, where typer has found one."""
    close = getattr(error, "possibilities", None)
    found = close[0] if close else (m[1] if (m := re.search(r"Did you mean '(.*?)'", error.message)) else None)
    return f"did you mean {found!r}?" if found else None


def _named(error: Any) -> str:
    """--parameters, or FOLDER."""
    param = error.param
    return str(param.opts[-1]) if param.param_type_name == "option" else str(param.metavar or param.name.upper())
