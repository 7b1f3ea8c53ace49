"""What was typed, as the values the library takes."""

from __future__ import annotations

from typing import Any

from carousel.common.errors import BadPlan
from carousel.experiments.data import DataOptions
from carousel.experiments.runner.request import ComparisonRequest

_DIGITS = 18  # Python reads no number of thousands


def whole_numbers(option: str, typed: str | None) -> tuple[int, ...] | None:
    """ "30,100" -> (30, 100). Raises BadPlan."""
    if typed is None:
        return None
    parts = [part.strip() for part in typed.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and len(part) <= _DIGITS and int(part) > 0 for part in parts):
        raise BadPlan(
            f"{option} holds what is no such number", allowed="whole numbers from 1, comma-separated", got=typed
        )
    return tuple(int(part) for part in parts)


def names(option: str, typed: str | None) -> tuple[str, ...]:
    """ "gates,length" -> ("gates", "length"); nothing typed: (). Raises BadPlan."""
    found = tuple(dict.fromkeys(part.strip() for part in (typed or "").split(",") if part.strip()))
    if typed is not None and not found:
        raise BadPlan(f"{option} names nothing", allowed="names, comma-separated", got=repr(typed))
    return found


def data_options(
    columns: dict[str, list[str] | None], others: dict[str, Any], split: str | None, drop_short: bool
) -> DataOptions:
    """How to read the file. columns: options that repeat. others: those of one value. Raises BadPlan."""
    given = {name: value for name, value in others.items() if value is not None}
    for name, typed in columns.items():
        if typed:
            given[name] = _repeated(f"--{name.replace('_', '-')}", typed)
    if split is not None:
        given["split"] = _shares(split)
    return DataOptions(**given, drop_short=drop_short)


def _repeated(option: str, typed: list[str]) -> tuple[str, ...]:
    """Each as it was typed: a name may hold a comma. Raises BadPlan."""
    if not all(name.strip(" ,") for name in typed):
        raise BadPlan(f"{option} names nothing", allowed="names, comma-separated", got=repr(",".join(typed)))
    return tuple(dict.fromkeys(typed))


def request_of(
    sources: list[str] | None,
    contenders: str | None,
    lengths: tuple[int, ...] | None,
    budget: str,
    parameters: int,
    seed: int,
    kernel: str,
    data: DataOptions,
    claims: tuple[str, ...],
    rivals: tuple[str, ...] | None,
    ensemble: int,
) -> ComparisonRequest:
    """The options as one value. Raises BadPlan."""
    names("--contenders", contenders)  # an empty list is a slip, not the default
    given = tuple(sources or ())
    return ComparisonRequest(
        given, contenders, lengths, budget, parameters, seed, kernel, claims, data, rivals, ensemble
    )


def _shares(typed: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in typed.split(","))
    except ValueError as error:
        raise BadPlan(
            "--split holds what is no number", allowed="three shares, such as 0.6,0.2,0.2", got=typed
        ) from error
