"""Where a user's code keeps things: the tensors of a batch, the state that a model or a loss function carries along."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

REGISTERED = ("_parameters", "_buffers", "_modules")  # of a module: these dictionaries are no attributes of its own


class StateSlot(NamedTuple):
    """name: as the code has it. value: what it holds now. put: give it another value."""

    name: str
    value: Any
    put: Callable[[Any], object]


def tensors_of(value: Any, depth: int = 5) -> list[Tensor]:
    """Every tensor in a batch or an output of any nesting, objects of the user's included, in order."""
    if isinstance(value, Tensor):
        return [value]
    parts: Any = ()
    if isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, tuple | list):
        parts = value
    elif is_record(value):
        parts = vars(value).values()
    return [tensor for part in parts for tensor in tensors_of(part, depth - 1)] if depth else []


def whole_numbers_of(value: Any, depth: int = 5) -> list[tuple[str, Tensor]]:
    """(name, tensor) of every list or array of whole numbers in a batch, as lengths may be given; the name it goes by
    in dictionaries and objects in small letters, or ""."""
    if isinstance(value, np.ndarray):
        return [("", torch.from_numpy(value.astype(np.int64)))] if value.ndim == 1 and value.dtype.kind in "iu" else []
    named = _named(value)
    if not named and isinstance(value, list | tuple) and value and all(type(part) is int for part in value):
        return [("", torch.tensor(value))]
    parts = named.items() if named else [("", part) for part in value] if isinstance(value, list | tuple) else []
    return [
        (inner or str(name).lower(), found)
        for name, part in parts
        for inner, found in (whole_numbers_of(part, depth - 1) if depth else ())
    ]


def names_of(value: Any, depth: int = 5) -> dict[int, str]:
    """id of a tensor -> the last name it goes by in dictionaries and objects, in small letters."""
    named = _named(value)
    found = {id(part): str(name).lower() for name, part in named.items() if isinstance(part, Tensor)}
    parts = named.values() if named else value if isinstance(value, tuple | list) else ()
    for part in parts if depth else ():
        found |= names_of(part, depth - 1)
    return found


def _named(value: Any) -> Mapping[Any, Any]:
    """What a dictionary, a named tuple or an object holds, by name."""
    if hasattr(value, "_asdict"):
        named: Mapping[Any, Any] = value._asdict()
        return named
    return value if isinstance(value, Mapping) else vars(value) if is_record(value) else {}


def state_slots(loss_fn: Any) -> list[StateSlot]:
    """The variables around and in a loss function, and in the functions of its file that it calls; empty for None."""
    return list(_found(loss_fn, set()))


def holders(model: nn.Module, loss_fn: Any) -> Iterator[tuple[str, Any]]:
    """(as the user would write it, value) of every attribute of the model and variable of loss_fn that may hold a
    state."""
    for site, module in model.named_modules():
        where = f"model.{site}" if site else "model"
        for name, value in {**module.__dict__, **module._buffers}.items():
            if name not in REGISTERED:
                yield from _inside(f"{where}.{name}", value)
    for variable in state_slots(loss_fn):
        yield from _inside(variable.name, variable.value)


def _inside(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A value, or the parts of a dictionary, a list or an object: what can be given another value instead."""
    if isinstance(value, dict):
        yield from ((f"{name}[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, list):
        yield from ((f"{name}[{site}]", part) for site, part in enumerate(value))
    elif is_record(value):
        yield from ((f"{name}.{key}", part) for key, part in vars(value).items())
    else:
        yield name, value


def is_record(value: Any) -> bool:
    """Whether it is a plain object of the user's, whose attributes may hold a state."""
    if isinstance(value, type | nn.Module | FunctionType | MethodType) or not hasattr(value, "__dict__"):
        return False
    return type(value).__module__.split(".")[0] not in ("torch", "numpy", "builtins", "collections", "functools")


def _found(function: Any, seen: set[int]) -> Iterator[StateSlot]:
    if id(function) in seen:
        return
    seen.add(id(function))
    if isinstance(function, partial):
        yield from _found(function.func, seen)
    elif isinstance(function, MethodType):
        yield StateSlot("self", function.__self__, _not_replaced)
        yield from _found(function.__func__, seen)
    elif isinstance(function, FunctionType):
        yield from _around(function, seen)
    elif is_record(function):
        yield StateSlot("loss_fn", function, _not_replaced)
        yield from _found(type(function).__call__, seen)


def _around(function: FunctionType, seen: set[int]) -> Iterator[StateSlot]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    held = [(name, cell.cell_contents, partial(_fill, cell)) for name, cell in cells if not _is_empty(cell)]
    shared = function.__globals__
    held += [(n, shared[n], partial(shared.__setitem__, n)) for n in function.__code__.co_names if n in shared]
    for name, value, put in held:
        if isinstance(value, FunctionType) and value.__globals__ is shared:
            yield from _found(value, seen)
        elif value is None or _is_state(value):
            yield StateSlot(name, value, put)


def _is_state(value: Any) -> bool:
    """Whether a value may be a state, or hold one: tensors, containers of them, objects of the user's."""
    if isinstance(value, Tensor | list | dict | set):
        return True
    if isinstance(value, tuple):
        return bool(tensors_of(value))
    return is_record(value)


def _is_empty(cell: CellType) -> bool:
    try:
        return cell.cell_contents is cell  # asking is the only way to know
    except ValueError:
        return True


def _fill(cell: CellType, value: Any) -> None:
    cell.cell_contents = value


def _not_replaced(value: Any) -> None:
    """An object is not replaced; its attributes are put back."""
