"""What a row holds beyond its effect: every key that a claim may add to a row, with its type.

Keys of `Row.details`, and extra keys of a condition in verdicts.json. A claim sets those of its own part alone.
"""

from __future__ import annotations

from typing import TypeVar, final

from typing_extensions import TypedDict

_Of = TypeVar("_Of", bound=type)


def _closed(cls: _Of) -> _Of:
    """Read from a file, it may have no other key. What pydantic's `with_config` sets, without the import: listing
    the claims loads no pydantic."""
    cls.__pydantic_config__ = {"extra": "forbid"}  # type: ignore[attr-defined]
    return cls


@final
@_closed
class Side(TypedDict):
    """One family's values of a contrast: their mean, its 95 % interval, how many."""

    mean: float
    interval: list[float]
    n: int


@final
@_closed
class AlongLengths(TypedDict):
    """One family along the lengths. solved: [trials solved, trials] by length. t50: length at which half are solved,
    None where none is known. area: under the curve of the share solved, against the logarithm of the length."""

    solved: dict[str, list[int]]
    t50: float | None
    area: float | None


@_closed
class Horizons(TypedDict):
    """Horizon of each family in steps. censored: it is at least that, the longest measured."""

    rnn: float | None
    lstm: float | None
    rnn_censored: bool
    lstm_censored: bool


@_closed
class Fit(TypedDict):
    """How many seeds there are; at how many each family, and both, fit the training set; at how many of the latter both
    test scores are perfect."""

    seeds: int
    rnn: int
    lstm: int
    both: int
    perfect: int


@_closed
class PairSpikes(TypedDict):
    """Spikes of one pair of contenders, over equal training steps."""

    pair: list[str]
    rnn_spikes: int
    lstm_spikes: int
    equal_steps: int


@_closed
class StateBits(TypedDict):
    """What each side keeps while it reads, in bits, as a mean; None where no trial says."""

    attention: float | None
    recurrent: float | None


@_closed
class Details(TypedDict, total=False):
    """A row's keys, by the rule or the claim that sets them."""

    # any rule
    level: float  # of the interval that decided
    margin: float  # that an effect must pass, in its unit
    p_sign_flip: float | None
    overlap: float  # of the splits of a file: their variance in common over that of one; in place of a p value
    difference: list[float | None]  # mean paired difference and its interval, where wins decide on a file
    ties: int
    part: str  # of a claim that has several
    # vanishing
    moment: str  # when it was measured: before training, early, at its end
    without_slope: int  # seeds
    horizons: Horizons
    ratio: float | None  # of the horizons, LSTM over RNN
    ratio_is: str  # "=", ">=", "<=", or "?": unknown
    # exploding
    calm: int  # networks without chaos, over the whole scan (onset) or by their exponent (control)
    both_calm: int  # seeds
    trials: int
    seeds: int
    steps: int
    spikes: int
    exponents: int  # networks that have one
    chaotic: int
    diverged: int
    upper_limit: float  # of the share of steps that spike
    more: int  # seeds at which the RNN spikes more often
    fewer: int
    pairs: list[PairSpikes]
    # length, gates
    rnn: Side | AlongLengths
    lstm: Side | AlongLengths
    # gates
    accuracy_all: float  # lost where all gates are clamped at their means
    accuracy_informed: float  # the same at means that know the symbol and the key
    clamped: str  # gate
    auroc: float
    auroc_interval: list[float | None]
    contender: str
    lags: list[int]  # first and end of the block that is occluded
    # generalisation
    question: str
    parameters: int
    training: float  # mean score
    test: float  # mean score
    fit: Fit | int  # int: trials that fit their training set
    # stacking
    shallow: list[int]  # solved, trials
    deep: list[int]
    shallow_bits: float  # memorised, as a mean
    deep_bits: float
    # attention
    mirror: bool
    looked: int  # conditions, which share the error
    score_gap: float  # attention less recurrent
    state_bits: StateBits
