"""What is wrong with a file of a run, in words of our own: whoever reads it words it otherwise, and in English alone.

`in_words` knows an exception by its class and its fields, never by its text. A plain ValueError is ours where its text
is in the catalogue; what is not there says only that the content does not fit.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from carousel.common.error_words import wording_of

OURS = "carousel"  # the type of what a check of our own refuses in a schema, in our words
#: By the type that pydantic gives to what it refuses.
_KINDS = {
    "missing": "{place} has no value",
    "finite_number": "{place} has no value",
    "extra_forbidden": "{place} is no entry of this file",
    "greater_than": "{place} is out of range",
    "greater_than_equal": "{place} is out of range",
    "less_than": "{place} is out of range",
    "less_than_equal": "{place} is out of range",
    "literal_error": "{place} is none of the values that it may have",
    "union_tag_invalid": "{place} is none of the values that it may have",
    "union_tag_not_found": "{place} does not say of what kind it is",
    "too_short": "{place} has too few values",
    "too_long": "{place} has too many values",
}
#: By the beginning of that type, such as int_type and int_from_float.
_BEGINNINGS = {
    "int_": "{place} is no whole number",
    "float_": "{place} is no number",
    "string_": "{place} is no text",
    "bool_": "{place} is neither true nor false",
    "list_": "{place} is no list",
    "tuple_": "{place} is no list",
    "dict_": "{place} holds no named values",
    "model_": "{place} holds no named values",
    "dataclass_": "{place} holds no named values",
}
_MISFIT = "{place} does not fit"
_WHOLE = "the content"
_OWN = "errors.damage."  # in the catalogue: what we say of a file
_TOML_PLACE = re.compile(r"at line (\d+), column (\d+)\)$")


def in_words(error: BaseException) -> str:
    """One line: the place and what is wrong there, as far as it is known."""
    if isinstance(error, OSError):
        return error.strerror or _MISFIT.format(place=_WHOLE)
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON at line {error.lineno}, column {error.colno}"
    if isinstance(error, tomllib.TOMLDecodeError):
        found = _TOML_PLACE.search(str(error))
        return f"no TOML at line {found[1]}, column {found[2]}" if found else "no TOML at its end"
    if isinstance(error, UnicodeDecodeError):
        return f"no UTF-8 at byte {error.start}"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return _of_schema(error) or _ours(error) or _MISFIT.format(place=_WHOLE)


def wordings() -> list[str]:
    """All that is said of a schema: each has its Chinese."""
    return sorted({*_KINDS.values(), *_BEGINNINGS.values(), _MISFIT})


def _of_schema(error: BaseException) -> str | None:
    """The first place that does not fit; None of what is no ValidationError."""
    from pydantic import ValidationError  # whoever has raised one has waited for it already

    if not isinstance(error, ValidationError):
        return None
    first: dict[str, Any] = dict(error.errors(include_url=False, include_input=False)[0])
    place, kind = ".".join(map(str, first["loc"])) or _WHOLE, first["type"]
    if kind in ("value_error", OURS):
        said = f"{place}: {first['msg'].removeprefix('Value error, ')}"
        return said if wording_of(said) else _MISFIT.format(place=place)
    known = _KINDS.get(kind) or next((said for start, said in _BEGINNINGS.items() if kind.startswith(start)), _MISFIT)
    return known.format(place=place)


def _ours(error: BaseException) -> str | None:
    said = str(error)
    found = wording_of(said) if type(error) is ValueError else None
    return said if found and found[0].startswith(_OWN) else None
