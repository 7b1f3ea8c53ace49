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
    target: str | None,
    group: str | None,
    order: str | None,
    forecast: str | None,
    horizon: int | None,
    window: int | None,
    kind: Any,
    split: str | None,
    drop_short: bool,
) -> DataOptions:
    """How to read the file. Raises BadPlan."""
    given: dict[str, Any] = {"target": target, "group": group, "order": order, "horizon": horizon, "window": window}
    given["kind"] = kind
    if forecast is not None:
        given["forecast"] = names("--forecast", forecast)
    if split is not None:
        given["split"] = _shares(split)
    return DataOptions(**given, drop_short=drop_short)


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
) -> ComparisonRequest:
    """The options as one value. Raises BadPlan."""
    names("--contenders", contenders)  # an empty list is a slip, not the default
    return ComparisonRequest(tuple(sources or ()), contenders, lengths, budget, parameters, seed, kernel, claims, data)


def _shares(typed: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in typed.split(","))
    except ValueError as error:
        raise BadPlan(
            "--split holds what is no number", allowed="three shares, such as 0.6,0.2,0.2", got=typed
        ) from error
