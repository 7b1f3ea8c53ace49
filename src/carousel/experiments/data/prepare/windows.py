"""Examples of a series: `window` steps in, the next `horizon` values out, parts cut by time.

A window belongs to the part of its targets; one whose targets straddle a cut is left out. Its history may
reach back into earlier parts, never forward. The cuts are moments, the same for all series of a file, so
that no training target is later than any test target. Where only a time window is used (`TimeWindow`), every
forecasting window is wholly in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import PARTS, Bools, Floats, Ints, constant_part, starts_of
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.prepare.time_window import WHOLE, TimeWindow
from carousel.experiments.data.read.order import Times
from carousel.experiments.data.read.parsed import ParsedSeries

LONGEST_WINDOW = 64
OUTSIDE = 3  # the part of a step that is before or after the time window


@dataclass(frozen=True)
class Windows:
    """starts, part: [N] of each example. targets: [R, K] the columns to forecast, in the file's units.

    training: [R] the steps of the time window before the first cut. window, horizon: in steps. left_out: how many
    windows are none of them, since a target or the last value before it is missing.
    """

    starts: Ints
    part: Ints
    targets: Floats
    training: Bools
    window: int
    horizon: int
    left_out: int

    def change(self) -> Floats:
        """[N, horizon, K]: the targets of each window, less the last value before them."""
        ahead = self.starts[:, None] + self.window + np.arange(self.horizon)
        found: Floats = self.targets[ahead] - self.targets[self.starts + self.window - 1][:, None]
        return found


def cut_windows(
    parsed: ParsedSeries, options: DataOptions, time_window: TimeWindow = WHOLE, whole: bool = False
) -> Windows:
    """All windows of all series. BadData where a part gets fewer than two (R² needs values that differ). whole: none
    is cut off, all are of the first part."""
    window, horizon = sizes(parsed.lengths, options, time_window)
    parts = (
        np.zeros(len(parsed.x), dtype=np.int64)
        if whole
        else parts_in_time(parsed.times, parsed.lengths, options.split, time_window)
    )
    every = _origins(parsed.lengths, parts, window, horizon)
    columns = list(parsed.targets)
    targets = parsed.x[:, columns]
    origin = every[_known(targets, every, horizon)]
    part = parts[origin + 1] if len(origin) else origin
    if not whole and min(np.bincount(part, minlength=3)) < 2:
        if len(origin) < len(every):
            _refuse_gaps(part, [parsed.channels[c] for c in columns], len(every) - len(origin))
        _refuse_short(parsed, part, window, horizon, options.split)
    cut = Windows(origin - window + 1, part, targets, parts == 0, window, horizon, len(every) - len(origin))
    if not whole:
        _refuse_constant(cut, [parsed.channels[c] for c in columns])
    return cut


def sizes(lengths: Ints, options: DataOptions, time_window: TimeWindow = WHOLE) -> tuple[int, int]:
    """(window, horizon): as given, else a third of the training part, at most 64, and an eighth of that."""
    training = int(np.median(lengths) * options.split[0] * time_window.share)
    seen = options.horizon or 1 if options.known else 1  # the last steps of a window tell what is known in advance
    window = options.window or max(seen, min(LONGEST_WINDOW, training // 3))
    return window, options.horizon or max(1, window // 8)


def parts_in_time(
    times: Times | None, lengths: Ints, shares: tuple[float, float, float], time_window: TimeWindow
) -> Ints:
    """[R] the part of each step: by its moment, or by its place in the series where no column orders them; OUTSIDE
    before and after the stretch that is used."""
    moments = times.values if times is not None else _places(lengths)
    ordered = np.sort(moments)  # not np.unique: of a million moments it takes seconds
    unique = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]
    start, used = time_window.moments(len(unique))
    first, second = (start + round(sum(shares[:n]) * used) for n in (1, 2))
    place = np.searchsorted(unique, moments)
    part = np.searchsorted([first, second], place, side="right").astype(np.int64)
    part[(place < start) | (place >= start + used)] = OUTSIDE
    return part


def _places(lengths: Ints) -> Ints:
    return np.arange(int(lengths.sum())) - np.repeat(starts_of(lengths), lengths)


def _origins(lengths: Ints, step_part: Ints, window: int, horizon: int) -> Ints:
    """The last step of history of every window that fits, is in the time window, and whose targets are in one part."""
    place = _places(lengths)
    fits = (place >= window - 1) & (place + horizon < np.repeat(lengths, lengths))
    origin = np.flatnonzero(fits)
    inside = (step_part[origin - window + 1] != OUTSIDE) & (step_part[origin + horizon] != OUTSIDE)
    found: Ints = origin[inside & (step_part[origin + 1] == step_part[origin + horizon])]
    return found


def _known(targets: Floats, origin: Ints, horizon: int) -> Bools:
    """[N] the windows whose targets, and the last value that they are told from, are all there."""
    gap = np.isnan(targets).any(axis=1)
    sums = np.concatenate([[0], np.cumsum(gap)])
    found: Bools = sums[origin + horizon + 1] == sums[origin]
    return found


def _refuse_gaps(part: Ints, columns: list[str], left_out: int) -> None:
    counts = np.bincount(part, minlength=3)
    raise BadData(
        f"too few windows have all their targets: {', '.join(columns)} has gaps",
        allowed="two windows for each part",
        got=f"{left_out} windows with a gap, others: "
        + ", ".join(f"{p} {n}" for p, n in zip(PARTS, counts, strict=True)),
        fix="fill the gaps: --fill last; or a smaller --horizon",
    )


def _refuse_short(
    parsed: ParsedSeries, part: Ints, window: int, horizon: int, shares: tuple[float, float, float]
) -> None:
    counts = np.bincount(part, minlength=3)
    needed = max(
        ceil((window + horizon + 1) / shares[0]), ceil((horizon + 1) / shares[1]), ceil((horizon + 1) / shares[2])
    )
    raise BadData(
        f"the series is too short for --window {window} and --horizon {horizon}",
        allowed=f"about {needed} steps or more, two windows for each part",
        got=f"{int(parsed.lengths.max())} steps, windows: "
        + ", ".join(f"{p} {n}" for p, n in zip(PARTS, counts, strict=True)),
        fix="a smaller --window or --horizon, or a longer series",
    )


def _refuse_constant(cut: Windows, columns: list[str]) -> None:
    asked = np.full(len(cut.targets), OUTSIDE)  # each step once, not once a window: a tenth of the time
    for number in range(len(PARTS)):
        asked[_asked(cut, number)] = number
    for place, column in enumerate(columns):
        found = constant_part(cut.targets[:, place], asked)
        if found is not None:
            name, values = found
            raise BadData(
                f"the forecast column {column!r} has the same value all through the {name} part",
                got=f"{values[0]:g}",
                fix="there is nothing to predict: choose another column, or another split",
            )


def _asked(cut: Windows, part: int) -> Bools:
    """[R] the steps that are a target of some window of this part."""
    first = cut.starts[cut.part == part] + cut.window
    edges = np.zeros(len(cut.targets) + 1, dtype=np.int64)
    edges[first] += 1  # no two windows begin at one step
    edges[first + cut.horizon] -= 1
    found: Bools = np.cumsum(edges[:-1]) > 0
    return found
