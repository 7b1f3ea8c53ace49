"""The network as one C99 header: no allocation, `NAME_reset` and `NAME_step`, in float32 or with int8 weights."""

from __future__ import annotations

from importlib import resources

import numpy as np

from carousel.experiments.data.arrays import Floats
from carousel.experiments.takeaway.export.portable import GATES, Number, Portable

_ROW = 12  # numbers a line


def c_header(network: Portable, name: str, number: Number) -> str:
    """name: what its identifiers begin with. int8: weights in whole numbers, a scale a row; inputs of a product too, by
    their largest size at each step."""
    whole = number == "int8"
    hidden, layers = network.hidden, len(network.layers)
    widest = max(network.inputs, hidden)
    ram = 4 * ((2 if network.has_c else 1) * layers * hidden + max(len(network.targets), 1))
    scratch = 4 * (2 * GATES[network.cell] * hidden + network.inputs) + (widest if whole else 0)
    tables = _arrays(network, whole)
    template = resources.files(__package__).joinpath("template.h").read_text(encoding="utf-8")
    values = {
        "ARRAYS": "\n".join(text for text, _ in tables), "POINTERS": _pointers(network),
        "NAME": name, "UPPER": name.upper(), "CELL": network.cell, "LAYERS": layers, "HIDDEN": hidden,
        "CHANNELS": len(network.mean), "INPUTS": network.inputs, "MASKED": max(len(network.masked), 1),
        "MASKS": len(network.masked), "OUTPUTS": network.outputs, "GATES": GATES[network.cell], "WIDEST": widest,
        "TARGETS": max(len(network.targets), 1), "RAM": ram, "SCRATCH": scratch,
        "ROM": sum(size for _, size in tables), "MULTIPLICATIONS": network.multiplications, "NUMBER": number,
        "WEIGHT": "int8_t" if whole else "float", "WHOLE": int(whole),
        "KIND": {"rnn": 0, "rnn-relu": 1, "lstm": 2, "gru": 3}[network.cell],
        "QUESTION": {"classification": 0, "regression": 1, "forecast": 2}[network.question],
        "COLUMNS": ", ".join(network.channels), "ANSWERS": ", ".join(network.answers),
    }  # fmt: skip
    for key, value in values.items():
        template = template.replace(f"@{key}@", _commented(str(value)) if key in ("COLUMNS", "ANSWERS") else str(value))
    return template


def _commented(text: str) -> str:
    """What may stand in a comment of C: names are the user's."""
    return text.replace("*/", "* /").replace("\\", "/").encode("ascii", "replace").decode().replace("??", "?")


def _arrays(network: Portable, whole: bool) -> list[tuple[str, int]]:
    """Each table, and its bytes."""
    found = []
    matrices = [("w", layer.w, k) for k, layer in enumerate(network.layers)]
    matrices += [("u", layer.u, k) for k, layer in enumerate(network.layers)]
    for letter, matrix, k in [*matrices, ("r", network.weight, 0)]:
        found += _matrix(f"@NAME@_{letter}{k}", matrix, whole)
    for k, layer in enumerate(network.layers):
        found += [_floats(f"@NAME@_b{k}", layer.b), _floats(f"@NAME@_v{k}", layer.v)]
    found += [_floats("@NAME@_readout", network.bias), _floats("@NAME@_mean", network.mean)]
    found += [_floats("@NAME@_std", network.std), _floats("@NAME@_unit", network.unit)]
    found.append(_floats("@NAME@_offset", network.offset))
    found.append(_whole("@NAME@_masked", np.array(network.masked or [0]), "int"))
    found.append(_whole("@NAME@_targets", network.targets if len(network.targets) else np.array([0]), "int"))
    return found


def _matrix(name: str, values: Floats, whole: bool) -> list[tuple[str, int]]:
    """With int8 its whole numbers, then the scale of each row."""
    if not whole:
        return [_floats(name, values), _floats(f"{name}_scale", np.ones(1))]
    scale = np.abs(values).max(axis=1) / 127
    scale = np.where(scale > 0, scale, 1.0)
    return [_whole(name, np.rint(values / scale[:, None]), "int8_t"), _floats(f"{name}_scale", scale)]


def _floats(name: str, values: Floats) -> tuple[str, int]:
    flat = [f"{value:.9g}" for value in np.asarray(values if np.size(values) else [0.0], np.float32).ravel()]
    literal = [f"{v}f" if any(c in v for c in ".en") else f"{v}.0f" for v in flat]
    return _table("float", name, literal), 4 * len(literal)


def _whole(name: str, values: np.ndarray, kind: str) -> tuple[str, int]:
    literal = [str(int(value)) for value in values.ravel()]
    return _table(kind, name, literal), (1 if kind == "int8_t" else 4) * len(literal)


def _table(kind: str, name: str, literal: list[str]) -> str:
    rows = [", ".join(literal[k : k + _ROW]) for k in range(0, len(literal), _ROW)]
    return f"static const {kind} {name}[{len(literal)}] = {{\n  " + ",\n  ".join(rows) + "\n};"


def _pointers(network: Portable) -> str:
    """A row of pointers for each kind of table, a layer each."""
    layers = range(len(network.layers))
    kinds = {"w": "@WEIGHT@", "u": "@WEIGHT@", "b": "float", "v": "float"}
    lines = [f"static const {kind} *const @NAME@_{letter}[{len(layers)}] = {{"
             + ", ".join(f"@NAME@_{letter}{k}" for k in layers) + "};" for letter, kind in kinds.items()]  # fmt: skip
    lines += [f"static const float *const @NAME@_{letter}_scale[{len(layers)}] = {{"
              + ", ".join(f"@NAME@_{letter}{k}_scale" for k in layers) + "};" for letter in ("w", "u")]  # fmt: skip
    return "\n".join(lines)
