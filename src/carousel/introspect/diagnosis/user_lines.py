"""Lines of the user's own file changed, as a diff that can be read and pasted."""

from __future__ import annotations

import ast
from collections.abc import Callable

from carousel.introspect.diagnosis.observe.places import Place


def changed(place: Place | None, change: Callable[[str], str | None], otherwise: str) -> str:
    """The line at a place with its expression changed; `otherwise` where the expression is not there to be read, spans
    lines, or `change` does not know it (None)."""
    if place is None or not place.expression:
        return otherwise
    new = change(place.expression)
    if new is None or new == place.expression:
        return otherwise
    line = place.text.encode()
    whole = line[: place.column].decode() + new + line[place.end_column :].decode()
    return f"{place.shown}\n- {place.text.strip()}\n+ {whole.strip()}"


def with_argument(index: int, template: str) -> Callable[[str], str | None]:
    """A call, or an operation of two sides, with one argument put into a template: ("{0}.squeeze(-1)")."""

    def change(expression: str) -> str | None:
        node = _parsed(expression)
        parts: list[ast.expr] = []
        if isinstance(node, ast.Call):
            parts = node.args
        elif isinstance(node, ast.BinOp):
            parts = [node.left, node.right]
        if index >= len(parts) or isinstance(parts[index], ast.Starred):
            return None
        part = parts[index]
        own = ast.get_source_segment(expression, part) or ""
        wrapped = f"({own})" if isinstance(part, ast.BinOp | ast.UnaryOp) and template.startswith("{0}.") else own
        raw = expression.encode()
        new = raw[: part.col_offset] + template.format(wrapped).encode() + raw[part.end_col_offset :]
        return new.decode()

    return change


def without_call(expression: str) -> str | None:
    """What a call is given, or the object that its method belongs to: torch.relu(z) and z.relu() become z."""
    node = _parsed(expression)
    if not isinstance(node, ast.Call):
        return None
    if node.args and isinstance(node.func, ast.Name | ast.Attribute) and not _is_method(node):
        return ast.get_source_segment(expression, node.args[0])
    return ast.get_source_segment(expression, node.func.value) if isinstance(node.func, ast.Attribute) else None


def reshaped(expression: str) -> str | None:
    """What a view or reshape is of: x.view(a, b) and torch.reshape(x, (a, b)) become x."""
    node = _parsed(expression)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    owner = node.func.value
    if isinstance(owner, ast.Name) and owner.id == "torch":
        return ast.get_source_segment(expression, node.args[0]) if node.args else None
    return ast.get_source_segment(expression, owner)


def _is_method(node: ast.Call) -> bool:
    """x.softmax(-1): its first argument is no tensor but a number."""
    first = node.args[0]
    return isinstance(first, ast.Constant | ast.UnaryOp)


def _parsed(expression: str) -> ast.expr | None:
    try:
        return ast.parse(expression, mode="eval").body
    except SyntaxError:
        return None
