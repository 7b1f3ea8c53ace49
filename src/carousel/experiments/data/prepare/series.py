"""Series become a `Prepared`: sliding windows, parts cut by time, targets relative to the last value seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from carousel.experiments.data.arrays import Floats, Note, firsts_of, starts_of
from carousel.experiments.data.card import Card, Forecast
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.prepare import describe
from carousel.experiments.data.prepare.own_units import DIFFER, NOTE, in_own_units, own_channels, own_units
from carousel.experiments.data.prepare.prepared import WHOLE_FILE, Prepared
from carousel.experiments.data.prepare.scaling import Scaled, root_mean_square, scale
from carousel.experiments.data.prepare.shared import with_baseline, with_masks
from carousel.experiments.data.prepare.time_window import WHOLE, TimeWindow
from carousel.experiments.data.prepare.windows import Windows, cut_windows
from carousel.experiments.data.read.parsed import ParsedSeries

_MOST_NAMED = 1_000  # series, in the card


def from_series(
    parsed: ParsedSeries,
    options: DataOptions,
    name: str,
    sha256: str,
    time_window: TimeWindow = WHOLE,
    whole: bool = False,
) -> Prepared:
    """Forecasting: sliding windows, parts cut by time, targets relative to the last value seen. whole: not cut, all is
    there to learn from."""
    cut, scaled, own = _cut_and_scaled(parsed, options, time_window, whole)
    change = cut.change()
    # Root mean square, not deviation: an output of 0 stays the persistence forecast, of training loss 1.
    unit = root_mean_square(change[cut.part == 0].reshape(-1, len(parsed.targets)))
    y = (change / unit).reshape(len(change), -1).astype(np.float32)
    card: Card = {
        "kind": "forecast",
        "target": None,
        "classes": None,
        "range": None,
        **describe.lengths_card(parsed.lengths),
        **describe.channels_card(parsed.channels, scaled),
        **describe.split_card(WHOLE_FILE if whole else "time", cut.part, None),
        "forecast": _forecast_card(parsed, cut, options),
        **describe.notes_card(parsed.notes, _own_note(parsed, own), scaled.notes, _unused(parsed, cut)),
    }
    mean, std = with_masks(scaled)
    places = (cut.starts, np.full(len(cut.starts), cut.window), cut.part)
    zero = np.zeros(len(parsed.targets))
    channels = np.array(parsed.targets)
    begins = starts_of(parsed.lengths)
    series = np.searchsorted(begins, cut.starts, side="right") - 1
    return with_baseline(
        Prepared("forecast", name, sha256, scaled.x, *places, y, mean, std, zero, unit, channels, card, begins[series],
                 own, None if own is None else series)
    )  # fmt: skip


def check_series(parsed: ParsedSeries, options: DataOptions, time_window: TimeWindow) -> None:
    """BadData where `from_series` would raise it, without what it makes of the windows: a third of its time."""
    _cut_and_scaled(parsed, options, time_window, whole=False)


def _cut_and_scaled(
    parsed: ParsedSeries, options: DataOptions, time_window: TimeWindow, whole: bool
) -> tuple[Windows, Scaled, Floats | None]:
    """The windows, the channels, and the level and unit of each series where these have their own."""
    cut = cut_windows(parsed, options, time_window, whole)
    x, targets, own = parsed.x, np.array(parsed.targets), None
    channels = [] if options.one_unit else own_channels(x, parsed.lengths)
    if channels:
        own = own_units(x, parsed.lengths, cut.training, cut.window, channels)
        x = in_own_units(x, parsed.lengths, own)
        cut = replace(cut, targets=x[:, targets])
    return cut, scale(x, cut.training, parsed.channels, targets), own


def _unused(parsed: ParsedSeries, cut: Windows) -> list[Note]:
    """The series without a window of any part, and the windows whose targets are missing."""
    series = np.searchsorted(starts_of(parsed.lengths), cut.starts, side="right")  # of each window, in order
    count = len(parsed.lengths) - 1 - int((np.diff(series) > 0).sum())
    notes: list[Note] = [{"key": "short_series", "count": count, "of": len(parsed.lengths)}] if count else []
    if cut.left_out:
        notes.append({"key": "target_gaps", "count": cut.left_out, "of": cut.left_out + len(cut.starts)})
    return notes


def _own_note(parsed: ParsedSeries, own: Floats | None) -> list[Note]:
    if own is None:
        return []
    columns = [parsed.channels[c] for c in own_channels(parsed.x, parsed.lengths)]
    return [{"key": NOTE, "columns": columns, "times": DIFFER}]


def _forecast_card(parsed: ParsedSeries, cut: Windows, options: DataOptions) -> Forecast:
    made: Forecast = {
        "columns": [parsed.channels[c] for c in parsed.targets],
        "window": cut.window,
        "horizon": cut.horizon,
        "window_given": options.window is not None,
        "horizon_given": options.horizon is not None,
        "spacing": parsed.times.spacing(firsts_of(parsed.lengths)) if parsed.times is not None else None,
    }
    if 1 < len(parsed.names) <= _MOST_NAMED:
        made["series"] = dict(zip(map(str, starts_of(parsed.lengths).tolist()), parsed.names, strict=True))
    return made
