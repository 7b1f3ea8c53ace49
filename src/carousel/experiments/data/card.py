"""The data card: what is in the user's file and what was done to it, as plain data that JSON holds (card.json)."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from carousel.experiments.data.arrays import Note

Varied = Literal["sequences", "training", "shifted", "file", "short"]  # see `prepare.resplit`


class FileEntry(TypedDict):
    """One file that was read."""

    name: str
    bytes: int
    sha256: str


class Lengths(TypedDict):
    """Of the sequences, in steps."""

    min: int
    median: float
    max: int


class Channels(TypedDict):
    """names: in x's order, `masks` among them (1 where a channel has no value)."""

    count: int
    names: list[str]
    masks: list[str]


class ClassCount(TypedDict):
    """How many sequences of a class there are, in all and in each part."""

    name: str
    count: int
    training: int
    validation: int
    test: int


class Range(TypedDict):
    """Of a target that is a number, in its own unit."""

    min: float
    mean: float
    max: float


class Split(TypedDict):
    """how: key of the text. seed: null where none was drawn. The examples of each part. In a run: how the split varies
    between seeds, and over how many splits; reason: why it does not where it would, the pieces of an error's line."""

    how: str
    seed: int | None
    training: int
    validation: int
    test: int
    varied: NotRequired[Varied]
    splits: NotRequired[int]
    reason: NotRequired[list[str]]


class Scaling(TypedDict):
    """mean, std: of each channel, in the file's unit."""

    how: Literal["standard", "none"]
    fitted_on: NotRequired[Literal["training"]]
    mean: NotRequired[list[float]]
    std: NotRequired[list[float]]


class Spacing(TypedDict):
    """How evenly the steps are spaced: the usual step in `unit`, and how many are `odd`: of another size."""

    unit: str
    step: float
    regular: bool
    odd: int


class Forecast(TypedDict):
    """What is forecast from what, in steps; *_given: by the user, else chosen. series: of several their names, of a
    thousand at most, by the row where each begins."""

    columns: list[str]
    window: int
    horizon: int
    window_given: bool
    horizon_given: bool
    spacing: Spacing | None
    series: NotRequired[dict[str, str]]


class Labels(TypedDict):
    """Of targets at every step: with how many steps each is seen, itself among them."""

    window: int
    window_given: bool


class BaselineEntry(TypedDict):
    """What every contender must beat. name, metric: keys of the texts. score: on the test part."""

    name: str
    metric: str
    score: float


class Card(TypedDict, total=False):
    """All of it; a finished card has every entry, `labels` only where each step has a target. missing: values by
    channel. spacing: of the steps of sequences that a column orders. notes: in the order they arose."""

    file: str
    files: list[FileEntry]
    format: str
    kind: str
    target: str | None
    classes: list[ClassCount] | None
    range: Range | None
    sequences: int
    lengths: Lengths
    channels: Channels
    missing: dict[str, int]
    scaling: Scaling
    split: Split
    forecast: Forecast | None
    labels: Labels
    spacing: Spacing | None
    notes: list[Note]
    baseline: BaselineEntry
