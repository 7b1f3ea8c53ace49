"""Slopes and horizons of lag profiles, the onset of chaos; against tables/slopes.csv and tables/onset.csv."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, median

import numpy as np
import polars as pl
from folder import Folder
from limits import of_mean
from opinion import Opinion

GROWTH = math.log(4) / 300  # docs/claims.md, 2: what growth in proportion to time reads over 300 steps after 100

FIRST_LAG, FEWEST, LEFT = 5, 3, 1e-3  # docs/claims.md, 1: fitted from lag 5 on; a thousandth of the gradient


@dataclass(frozen=True)
class Profile:
    """One network's lag profile in numbers."""

    slope: float | None
    horizon: int
    censored: bool


def summed_up(lags: np.ndarray, log_gain: np.ndarray) -> Profile:
    """The slope by the normal equations of a straight line; the largest lag with a thousandth left."""
    used = (lags >= FIRST_LAG) & np.isfinite(log_gain)
    x, y = lags[used].astype(np.float64), log_gain[used]
    slope = None
    if len(x) >= FEWEST:
        (slope, _), *_ = np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1), y, rcond=None)
    reached = int(lags[log_gain >= math.log(LEFT)].max())
    return Profile(None if slope is None else float(slope), reached, reached == lags.max())


class Profiles:
    """All lag profiles of a run: (condition, contender, moment) -> seed -> profile."""

    def __init__(self, folder: Folder):
        self._folder = folder

    @cached_property
    def raw(self) -> dict[tuple[str, str, str], dict[int, tuple[np.ndarray, np.ndarray]]]:
        """Lags and mean ln G."""
        found: dict[tuple[str, str, str], dict[int, tuple[np.ndarray, np.ndarray]]] = {}
        for name, asked, _ in self._folder.jobs:
            path = self._folder.path / "flow" / f"{name}.parquet"
            if "contender" not in asked or not path.is_file():
                continue
            condition = f"{asked['source']['name']}/T={asked['length']}"
            for (moment, seed), one in pl.read_parquet(path).sort("lag").group_by("moment", "seed"):
                lags, gains = one["lag"].to_numpy(), one["log_gain"].to_numpy()
                found.setdefault((condition, asked["contender"]["spec"], str(moment)), {})[int(seed)] = lags, gains
        return found

    @cached_property
    def by_group(self) -> dict[tuple[str, str, str], dict[int, Profile]]:
        """Summed up."""
        return {key: {seed: summed_up(*one) for seed, one in sorted(seeds.items())} for key, seeds in self.raw.items()}


def check_profiles(folder: Folder, profiles: Profiles, opinion: Opinion) -> None:
    """tables/slopes.csv: mean slopes with their intervals, median horizons."""
    for row in folder.table("slopes"):
        group = profiles.by_group[row["condition"], row["contender"], row["moment"]].values()
        where, slopes = (
            f"{row['condition']} {row['contender']} {row['moment']}",
            [p.slope for p in group if p.slope is not None],
        )
        opinion.say("lag profiles", f"{where}, networks", row["networks"], len(slopes))
        opinion.say("lag profiles", f"{where}, horizon", row["horizon"], median(p.horizon for p in group))
        opinion.say("lag profiles", f"{where}, censored", row["horizons_censored"], sum(p.censored for p in group))
        if slopes:
            opinion.say("slopes", where, row["slope"], fmean(slopes))
            for name, limit in zip(("slope_low", "slope_high"), of_mean(slopes, 0.95), strict=True):
                opinion.say("limits of slopes", f"{where}, {name}", row[name], limit)


def onsets(folder: Folder) -> dict[str, dict[int, tuple[float | None, float]]]:
    """cell -> seed -> (scale at which the exponent crosses 0, or None; the largest scale tried)."""
    found: dict[str, dict[int, tuple[float | None, float]]] = {}
    for name, asked, _ in folder.jobs:
        if asked["kind"] == "onset":
            for (seed,), one in folder.flow(name).sort("gain").group_by("seed"):
                scales, exponents = one["gain"].to_list(), one["exponent"].to_list()
                found.setdefault(asked["cell"], {})[int(seed)] = crossing(scales, exponents), scales[-1]
    return found


def crossing(scales: list[float], exponents: list[float]) -> float | None:
    """On the straight line between the last scale before the first exponent above GROWTH, and that scale."""
    first = next((k for k, exponent in enumerate(exponents) if exponent > GROWTH), None)
    if not first:
        return None if first is None else scales[0]
    return float(np.interp(GROWTH, exponents[first - 1 : first + 1], scales[first - 1 : first + 1]))


def check_onsets(folder: Folder, opinion: Opinion) -> None:
    """tables/onset.csv."""
    ours = onsets(folder)
    for row in folder.table("onset"):
        opinion.say(
            "onset of chaos", f"{row['cell']} seed {row['seed']}", row["gain"], ours[row["cell"]][row["seed"]][0]
        )
