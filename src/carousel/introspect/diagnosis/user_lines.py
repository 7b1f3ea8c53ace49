"""Lines of the user's own file changed, as a diff that can be read and pasted."""

from __future__ import annotations

import ast
import linecache
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


def with_keyword(name: str, value: object) -> Callable[[str], str | None]:
    """A call with a keyword argument given, or set to another value."""

    def change(expression: str) -> str | None:
        node = _parsed(expression)
        if not isinstance(node, ast.Call):
            return None
        raw, given = expression.encode(), next((k.value for k in node.keywords if k.arg == name), None)
        if given is not None:
            return (raw[: given.col_offset] + repr(value).encode() + raw[given.end_col_offset :]).decode()
        comma = ", " if node.args or node.keywords else ""
        return f"{expression[:-1].rstrip().rstrip(',')}{comma}{name}={value!r})"

    return change


def handed_on(place: Place | None, is_cell: bool, otherwise: str) -> str:
    """The line that assigns what a recurrent call returns, so that the state it is given by name becomes the one that
    it returns: `o, _ = f(x, h)` becomes `o, h = f(x, h)`."""
    if place is None or not place.expression:
        return otherwise
    line, call = place.text.strip(), _parsed(place.expression)
    left, _, right = line.rpartition(" = ")
    if right != place.expression or not isinstance(call, ast.Call) or len(call.args) < 2:
        return otherwise
    state, targets = ast.unparse(call.args[1]), _parsed(left)
    names = (
        [state] if isinstance(call.args[1], ast.Name) else [ast.unparse(e) for e in getattr(call.args[1], "elts", [])]
    )
    if not all(name.isidentifier() for name in names) or not names or targets is None or names[-1] in left:
        return otherwise
    own = state.strip("()") if is_cell else None
    if own is None and isinstance(targets, ast.Tuple) and len(targets.elts) == 2:
        first, second = (ast.unparse(e) for e in targets.elts)
        new = f"{first}, {state}" if second == "_" else f"{first}, {state} = {left}"
    elif own is not None:
        new = f"{own} = {left}"
    else:
        return otherwise
    return f"{place.shown}\n- {line}\n+ {new} = {right}"


def put_before(line: str, place: Place | None, otherwise: str) -> str:
    """A new line in front of that of a place."""
    return f"{place.shown}\n+ {line}\n  {place.text.strip()}" if place is not None and place.text else otherwise


def moved(what: Place | None, where: Place | None, behind: bool, otherwise: str) -> str:
    """The line of a place moved in front of another one, or behind it."""
    if what is None or where is None or not what.text or not where.text or what.line == where.line:
        return otherwise
    own, other = f"+ {what.text.strip()}", f"  {where.text.strip()}"
    first, second = (other, own) if behind else (own, other)
    return f"{where.shown}\n{first}\n{second}\n{what.shown}\n- {what.text.strip()}"


def called_name(place: Place | None) -> str | None:
    """What is called at a place, as "F.cross_entropy" or "criterion"; None where that is no plain name."""
    node = _parsed(place.expression) if place is not None and place.expression else None
    plain = isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    return ast.unparse(node.func) if isinstance(node, ast.Call) and plain else None


def imports_torch(place: Place | None) -> bool:
    """Whether the name torch exists in the file of a place."""
    lines = linecache.getlines(place.file) if place is not None else []
    return any(line.split("#")[0].strip() == "import torch" for line in lines)


def owner_of(place: Place | None, method: str) -> str | None:
    """What a method is called on, as "optimizer" of optimizer.step()."""
    node = _parsed(place.expression) if place is not None else None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != method:
        return None
    return ast.unparse(node.func.value)


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
