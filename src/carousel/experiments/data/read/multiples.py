"""Numbers of a column some of which are counted in thousands or more: 9800, 1.2万, 3亿, or 950, 1.2K, 3M."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

_FAMILIES = (
    {"千": 1e3, "万": 1e4, "萬": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "億": 1e8, "万亿": 1e12},
    {"K": 1e3, "k": 1e3, "M": 1e6, "m": 1e6, "B": 1e9, "b": 1e9, "bn": 1e9, "T": 1e12},
)
_ALSO_UNITS = {"m", "b"}  # metres and minutes, bits: no millions and billions where they stand alone
_UNITS = ("元", "人", "人次", "吨", "件", "户", "辆", "股", "手", "美元", "千瓦时", "平方米", "台", "套")
_PLAIN = r"^(?:\d+\.?\d*|\d*\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?)$"


def _unit(marks: Sequence[str]) -> str:
    """What all of them end in: of 万元 and 亿元 it is 元."""
    return next((unit for unit in sorted(_UNITS, key=len, reverse=True) if all(m.endswith(unit) for m in marks)), "")


def multiplied(held: pl.Series, parts: pl.DataFrame, after: Sequence[str]) -> pl.Series | None:
    """[R] the numbers, each times what stands after it. None where two of these are no multiples of one kind, or a
    number is not written plainly.

    held: [R] cells of text, null where there is no value. parts: sign, number and what stands after it, of the others.
    """
    stripped = [mark.strip() for mark in after]
    unit = _unit(stripped)
    marks = {mark.removesuffix(unit) for mark in stripped} - {""}
    family = next((family for family in _FAMILIES if marks <= family.keys()), None)
    if family is None or marks <= _ALSO_UNITS:
        return None
    if len({family[mark] for mark in marks} | ({1.0} if unit in stripped else set())) < 2:
        return None
    if parts["open"].is_not_null().any() or not parts["number"].str.contains(_PLAIN).all():
        return None
    after_all = parts["after"].fill_null("").str.strip_chars().str.strip_suffix(unit)
    size = after_all.replace_strict({**family, "": 1.0}, return_dtype=pl.Float64)
    sign = pl.select(pl.when(parts["sign"] == "-").then(-1.0).otherwise(1.0)).to_series()
    numbers = sign * parts["number"].str.replace_all(",", "", literal=True).cast(pl.Float64) * size
    found = pl.Series(held.name, [None] * len(held), dtype=pl.Float64)
    return found.scatter(held.is_not_null().arg_true(), numbers)
