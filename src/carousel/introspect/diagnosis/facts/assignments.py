"""Where the user's class makes one of its parts: the value of `self.NAME = ...`."""

from __future__ import annotations

import ast
import inspect
import textwrap

from torch import nn

from carousel.introspect.diagnosis.observe.places import Place


def assignment(owner: nn.Module, name: str) -> Place | None:
    """The value assigned to an attribute in the class of a module; None where its source cannot be read or assigns
    none, or several."""
    try:
        lines, first = inspect.getsourcelines(type(owner))
        file = inspect.getsourcefile(type(owner)) or ""
    except (OSError, TypeError):
        return None
    indent = len(lines[0]) - len(lines[0].lstrip())
    found = [value for node in ast.walk(ast.parse(textwrap.dedent("".join(lines)))) for value in _values(node, name)]
    if len(found) != 1 or type(owner).__module__.startswith(("torch.", "carousel.")):
        return None
    value = found[0]
    end, end_column = value.end_lineno or value.lineno, value.end_col_offset or 0
    return Place(file, value.lineno + first - 1, end + first - 1, value.col_offset + indent, end_column + indent, name)


def made_at(model: nn.Module, path: str) -> Place | None:
    """Where a part of the model, as "encoder.rnn", is made."""
    owner, _, name = path.rpartition(".")
    return assignment(dict(model.named_modules())[owner], name) if path else None


def _values(node: ast.AST, name: str) -> list[ast.expr]:
    """The values that a statement assigns to self.NAME; of "self.a, self.b = 1, 2" each its own."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return []
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        pairs = list(zip(target.elts, value.elts, strict=True))
    else:
        pairs = [(target, value)]
    return [v for t, v in pairs if isinstance(t, ast.Attribute) and t.attr == name]
