"""The columns of what networks answered on the test parts of a user's file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from carousel.experiments.columns import About

ANSWERED_STEPS = 120  # of one series, end to end: what a picture shows of a forecast


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One number that the network taken away answered on a test part of a user's file."""

    job: Annotated[str, About("digest of the refit that the network stands for")]
    seed: Annotated[int, About("of the split")]
    sequence: Annotated[int, About("number of the example among all of the file")]
    series: Annotated[int | None, About("of forecasts, row where the series begins", null="no forecast")]
    step: Annotated[int | None, About("of forecasts, step of the series that it is about", null="no forecast")]
    ahead: Annotated[int | None, About("of forecasts, from the last step seen", "steps", "no forecast")]
    column: Annotated[str | None, About("what is asked for", null="unnamed")]
    truth: Annotated[float, About("of classes their number in the data card")]
    predicted: Annotated[float | None, About("of classes their number in the data card", null="not finite")]
    half: Annotated[
        float | None, About("what the 90 % interval, made on the validation part, reaches to each side", null="classes")
    ]
    right: Annotated[
        float | None,
        About("of classes, the probability given to the true one", null="no classes, or a run of before 2026-11-30"),
    ]
    spread: Annotated[bool, About("one of at most 2,000 at even distances; else kept for the picture alone")]
