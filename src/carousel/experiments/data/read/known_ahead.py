"""Columns whose values are known in advance: a holiday, a price, the weather as forecast.

Each is an input twice: as it is, and as it will be `horizon` steps later. So the last `horizon` steps of a window hold
its values at the steps that are forecast, in their order.
"""

from __future__ import annotations

import numpy as np

from carousel.common.errors import UnknownName
from carousel.experiments.data.arrays import Floats, Ints, Note, starts_of


def name_ahead(channel: str, horizon: int) -> str:
    """Of the channel that holds it so many steps later."""
    return f"{channel} (+{horizon})"


def with_known(
    x: Floats, lengths: Ints, channels: tuple[str, ...], known: tuple[str, ...], horizon: int | None
) -> tuple[Floats, tuple[str, ...], list[Note]]:
    """([R, C + K], names, a note): x [R, C] and what is known of the steps after each, of K channels. Where a series
    ends, its last value stands for those after it: no window's targets lie there. known: columns; one of words has
    several channels."""
    if not known or horizon is None:
        return x, channels, []
    places = [place for place, name in enumerate(channels) if _of_a_column(name, known)]
    lacking = [c for c in known if not any(_of_a_column(channels[place], (c,)) for place in places)]
    if lacking:
        raise UnknownName("known column", lacking[0], channels)
    names = tuple(name_ahead(channels[place], horizon) for place in places)
    note: Note = {"key": "known", "columns": list(known), "horizon": horizon}
    return np.concatenate([x, later(x[:, places], lengths, horizon)], axis=1), (*channels, *names), [note]


def _of_a_column(channel: str, columns: tuple[str, ...]) -> bool:
    return any(channel == name or channel.startswith(f"{name}=") for name in columns)


def later(values: Floats, lengths: Ints, horizon: int) -> Floats:
    """[R, K] the values `horizon` steps later in each series, up to its last."""
    ends = np.repeat(starts_of(lengths) + lengths - 1, lengths)
    found: Floats = values[np.minimum(np.arange(len(values)) + horizon, ends)]
    return found
