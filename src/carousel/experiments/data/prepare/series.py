"""Series become a `Prepared`: sliding windows, parts cut by time, targets relative to the last value seen."""

from __future__ import annotations

import numpy as np

from carousel.experiments.data.arrays import Note, firsts_of, starts_of
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.prepare import card as cards
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.scaling import root_mean_square, scale
from carousel.experiments.data.prepare.shared import told, with_masks
from carousel.experiments.data.prepare.time_window import WHOLE, Span
from carousel.experiments.data.prepare.windows import Windows, cut_windows
from carousel.experiments.data.read.parsed import RawSeries


def from_series(raw: RawSeries, options: DataOptions, name: str, sha256: str, span: Span = WHOLE) -> Prepared:
    """Forecasting: sliding windows, parts cut by time, targets relative to the last value seen."""
    cut = cut_windows(raw, options, span)
    scaled = scale(raw.x, cut.training, raw.channels)
    change = cut.values - cut.last[:, None]
    # Root mean square, not deviation: an output of 0 stays the persistence forecast, of training loss 1.
    unit = root_mean_square(change[cut.part == 0].reshape(-1, len(raw.targets)))
    y = (change / unit).reshape(len(change), -1).astype(np.float32)
    card = {
        "kind": "forecast",
        "target": None,
        "classes": None,
        "range": None,
        **cards.lengths_card(raw.lengths),
        **cards.channels_card(raw.channels, scaled),
        **cards.split_card("time", cut.part, None),
        "forecast": _forecast_card(raw, cut, options),
        **cards.notes_card(raw.notes, scaled.notes, _unused(raw, cut)),
    }
    mean, std = with_masks(scaled)
    places = (cut.starts, np.full(len(cut.starts), cut.window), cut.part)
    zero = np.zeros(len(raw.targets))
    channels = np.array(raw.targets)
    return told(Prepared("forecast", name, sha256, scaled.x, *places, y, mean, std, zero, unit, channels, card))


def _unused(raw: RawSeries, cut: Windows) -> list[Note]:
    """The series too short for a single window of any part."""
    used = np.unique(np.searchsorted(starts_of(raw.lengths), cut.starts, side="right"))
    count = len(raw.lengths) - len(used)
    return [{"key": "short_series", "count": count, "of": len(raw.lengths)}] if count else []


def _forecast_card(raw: RawSeries, cut: Windows, options: DataOptions) -> dict[str, object]:
    return {
        "columns": [raw.channels[c] for c in raw.targets],
        "window": cut.window,
        "horizon": cut.horizon,
        "window_given": options.window is not None,
        "horizon_given": options.horizon is not None,
        "spacing": raw.times.spacing(firsts_of(raw.lengths)) if raw.times is not None else None,
    }
