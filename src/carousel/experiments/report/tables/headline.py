"""The one number a contender is compared by: its solved-rate, or its score where the source has no solved threshold.

Success on a task is bimodal (a network solves it or stays at chance), so a mean score alone would mislead there.
"""

from __future__ import annotations

import polars as pl

SOLVED, SCORE = "solved-rate", "score"


def measured(summary: pl.DataFrame) -> pl.DataFrame:
    """`contenders.summarise` with measure ("solved-rate" | "score"), value, low and high; rows without one left out.

    baseline is kept for scores only: a baseline has no solved-rate.
    """
    is_rate = pl.col("solved_rate").is_not_null()
    return summary.with_columns(
        pl.when(is_rate).then(pl.lit(SOLVED)).otherwise(pl.lit(SCORE)).alias("measure"),
        pl.when(is_rate).then("solved_rate").otherwise("score").alias("value"),
        pl.when(is_rate).then("solved_low").otherwise("score_low").alias("low"),
        pl.when(is_rate).then("solved_high").otherwise("score_high").alias("high"),
        pl.when(~is_rate).then("baseline").alias("baseline"),
    ).filter(pl.col("value").is_not_null())
