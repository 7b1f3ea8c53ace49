"""Every wording that an error is raised with in the source: what the catalogue of errors must have.

A wording is a text with its placeholders as `{}`: "column {} holds text in row {}". It is found in the arguments of
each `UserError`: a text, an f-string, either branch of a condition, a sum of texts, and a name that was given one of
these in the same function.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import carousel
from carousel.common import errors

SOURCE = Path(str(carousel.__file__)).parent
KINDS = frozenset(
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.UserError)
)
PARTS = ("what", "allowed", "got", "fix")
HOLE = "{}"


def raised(*folders: str, kinds: frozenset[str] = KINDS) -> Iterator[tuple[str, str, str]]:
    """(place, part, wording) of every error made in these folders and files of the source, each wording as often as it
    is there; the part of an `UnknownName`'s kind is "kind"."""
    for path in sorted(path for place in folders for path in _files(SOURCE / place)):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for function in functions:
            for call in _errors(function, kinds):
                place = f"{path.relative_to(SOURCE)}:{call.lineno}"
                for part, value in _arguments(call):
                    yield from ((place, part, wording) for wording in _wordings(value, function))


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else [*place.rglob("*.py")]


def _errors(function: ast.FunctionDef, kinds: frozenset[str]) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
            yield node


def _arguments(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    unknown = isinstance(call.func, ast.Name) and call.func.id == "UnknownName"
    if call.args:
        yield ("kind" if unknown else "what"), call.args[0]
    yield from ((word.arg, word.value) for word in call.keywords if word.arg in PARTS)


def _wordings(value: ast.expr | None, function: ast.FunctionDef) -> list[str]:
    if isinstance(value, ast.Constant):
        return [value.value] if isinstance(value.value, str) else []
    if isinstance(value, ast.JoinedStr):
        return ["".join(parts) for parts in product(*(_filled(part) for part in value.values))]
    if isinstance(value, ast.IfExp):
        return [*_wordings(value.body, function), *_wordings(value.orelse, function)]
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        sides = (_wordings(side, function) or [HOLE] for side in (value.left, value.right))
        return ["".join(pair) for pair in product(*sides)]
    if isinstance(value, ast.Name):
        return [wording for given in _given(value.id, function) for wording in _wordings(given, function)]
    return []


def _filled(part: ast.expr) -> list[str]:
    """A piece of an f-string: its text, either text of a condition (a plural's s), or a hole."""
    if isinstance(part, ast.Constant):
        return [str(part.value)]
    chosen = part.value if isinstance(part, ast.FormattedValue) else part
    branches = [chosen.body, chosen.orelse] if isinstance(chosen, ast.IfExp) else []
    texts = [branch.value for branch in branches if isinstance(branch, ast.Constant)]
    return texts or [HOLE]


def _given(name: str, function: ast.FunctionDef) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            yield node.value
