"""The lag profile of each contender under each condition: how much gradient is left after k steps back."""

from __future__ import annotations

import math

import polars as pl

from carousel.experiments.report.tables import intervals

NATS_PER_DECADE = math.log(10)
POINTS = 60  # lags drawn of a profile; fewer where there are many profiles
POINTS_IN_ALL = 3_600


def profiles(frame: pl.DataFrame, moment: str) -> pl.DataFrame:
    """condition, source, length, contender, lag, gain, low, high: log10 G, averaged over the networks.

    gain is the mean over the batch of ln G (a geometric mean of G), low and high its 10 and 90 % quantiles, each
    averaged over the networks (`networks`: how many) and divided by ln 10.
    """
    chosen = frame.filter(pl.col("moment") == moment)
    keys = ["condition", "source", "length", "contender", "lag"]
    columns = {"gain": "log_gain", "low": "log_gain_q10", "high": "log_gain_q90"}
    return (
        chosen.group_by(keys, maintain_order=True)
        .agg(
            pl.col("seed").n_unique().alias("networks"),
            *(
                (pl.col(old).drop_nulls().drop_nans().mean() / NATS_PER_DECADE).alias(new)
                for new, old in columns.items()
            ),
        )
        .sort(keys)
        .filter(_kept(_points(chosen)))
    )


def _points(frame: pl.DataFrame) -> int:
    profiles = frame.select("condition", "contender").unique().height
    return min(POINTS, max(8, POINTS_IN_ALL // max(1, profiles)))


def _kept(points: int) -> pl.Expr:
    """About so many lags of each profile, evenly spaced, and always the last one."""
    last = pl.col("lag").max().over("condition", "contender")
    stride = (last / points).ceil().clip(1).cast(pl.Int64)
    return (pl.col("lag") % stride == 0) | (pl.col("lag") == last)


def slopes(frame: pl.DataFrame) -> pl.DataFrame:
    """condition, contender, moment, networks, slope (nats per step, mean), slope_low, slope_high (95 % t-interval),
    horizon (median, steps), horizons_censored (how many sequences ended before the gain fell to 1e-3)."""
    rows = []
    for (condition, contender, moment), part in frame.group_by(
        ["condition", "contender", "moment"], maintain_order=True
    ):
        values = part["slope"].drop_nulls().drop_nans().to_list()
        low, high = intervals.of_mean(values)
        rows.append(
            {
                "condition": condition,
                "contender": contender,
                "moment": moment,
                "networks": len(values),
                "slope": sum(values) / len(values) if values else None,
                "slope_low": low,
                "slope_high": high,
                "horizon": part["horizon"].median(),
                "horizons_censored": int(part["horizon_censored"].sum()),
            }
        )
    return pl.DataFrame(rows, schema=_SLOPES, orient="row")


_SLOPES = {
    **dict.fromkeys(("condition", "contender", "moment"), pl.String()),
    "networks": pl.Int64(),
    **dict.fromkeys(("slope", "slope_low", "slope_high", "horizon"), pl.Float64()),
    "horizons_censored": pl.Int64(),
}
