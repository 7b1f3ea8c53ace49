"""Numbers of a column some of which are counted in thousands or more: 9800, 1.2万, 3亿, or 950, 1.2K, 3M."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

_FAMILIES = (
    {"千": 1e3, "万": 1e4, "萬": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "億": 1e8, "万亿": 1e12},
    {"K": 1e3, "k": 1e3, "M": 1e6, "m": 1e6, "B": 1e9, "b": 1e9, "bn": 1e9, "T": 1e12},
)
_PLAIN = r"^(?:\d+\.?\d*|\d*\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?)$"


def multiplied(held: pl.Series, parts: pl.DataFrame, after: Sequence[str]) -> pl.Series | None:
    """[R] the numbers, each times what stands after it. None where two of these are no multiples of one kind, or a
    number is not written plainly.

    held: [R] cells of text, null where there is no value. parts: sign, number and what stands after it, of the others.
    """
    marks = {mark.strip() for mark in after} - {""}
    family = next((family for family in _FAMILIES if marks <= family.keys()), None)
    if family is None or len({family[mark] for mark in marks} | ({1.0} if "" in after else set())) < 2:
        return None
    if parts["open"].is_not_null().any() or not parts["number"].str.contains(_PLAIN).all():
        return None
    size = parts["after"].fill_null("").str.strip_chars().replace_strict({**family, "": 1.0}, return_dtype=pl.Float64)
    sign = pl.select(pl.when(parts["sign"] == "-").then(-1.0).otherwise(1.0)).to_series()
    numbers = sign * parts["number"].str.replace_all(",", "", literal=True).cast(pl.Float64) * size
    found = pl.Series(held.name, [None] * len(held), dtype=pl.Float64)
    return found.scatter(held.is_not_null().arg_true(), numbers)
