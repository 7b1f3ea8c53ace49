"""The next values of a series."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral
from typing import Any, NamedTuple, Self, final

import numpy as np

from carousel.common.errors import BadCall
from carousel.experiments.data import DataOptions, Prepared
from carousel.experiments.data.arrays import Floats, Ints, starts_of
from carousel.experiments.data.prepare.baseline import r2
from carousel.experiments.data.prepare.series import from_series
from carousel.experiments.data.prepare.windows import sizes
from carousel.experiments.data.read.parsed import ParsedSeries
from carousel.experiments.estimators.arrays import Steps, is_several, read_series
from carousel.experiments.estimators.base import RecurrentEstimator
from carousel.experiments.takeaway.predict import answers


@final
class Forecaster(RecurrentEstimator):
    """The next `horizon` values of a series from its last `window` steps, all at once.

    window, horizon: in steps; None: as `carousel compare` chooses them (`window_` and `horizon_` after `fit`). The
    other parameters are those of `SequenceClassifier`. y: one series [T], or [T, K] of K columns, or a list of such.
    X: other channels [T, C] known at the same steps. `cross_val_score(forecaster, y, cv=TimeSeriesSplit())` works.
    """

    def __init__(
        self, contender: str = "lstm", *, window: int | None = None, horizon: int | None = None,
        hidden: int | None = None, parameters: int = 6600, learning_rate: float = 0.01, steps: int = 1000,
        validation: float = 0.2, kernel: str = "auto", seed: int = 0,
    ):  # fmt: skip
        super().__init__(contender, hidden=hidden, parameters=parameters, learning_rate=learning_rate, steps=steps,
                         validation=validation, kernel=kernel, seed=seed)  # fmt: skip
        self.window = window
        self.horizon = horizon

    def fit(self, y: Any, X: Any = None) -> Self:
        """Learn to continue y. Raises ValueError where a series is too short."""
        steps, columns = _with_channels(y, X)
        settings = self._settings()
        names = tuple(f"y{k}" if k < columns else f"x{k - columns}" for k in range(steps.x.shape[1]))
        options = DataOptions(forecast=names[:columns], window=self.window, horizon=self.horizon, split=settings.split)
        window, horizon = sizes(steps.lengths, options)
        _known_ends(steps, columns, window, horizon)
        values = steps.x[:, :columns]
        if (np.nanmin(values, axis=0) == np.nanmax(values, axis=0)).any():
            raise BadCall(
                "a column of y has the same value all through", fix="there is nothing to predict: leave it out"
            )
        named = [f"series {n}" for n in range(len(steps.lengths))]
        parsed = ParsedSeries(
            steps.x, steps.lengths, named, names, np.arange(len(steps.x)), None, tuple(range(columns))
        )

        def prepare(whole: bool) -> Prepared:
            return from_series(parsed, options, "y", "", whole=whole)

        self._fit(prepare, settings, steps.x.shape[1])
        forecast = self.prepared_.card["forecast"]
        assert forecast is not None
        self.window_, self.horizon_ = forecast["window"], forecast["horizon"]
        self._form, self._trained = _form(y), steps
        return self

    def predict(self, steps: int | None = None, y: Any = None, X: Any = None) -> Any:
        """The next `steps` values (None: `horizon_`) after the end of the series trained on, or of y (with X).

        [steps] or [steps, K] as y is [T] or [T, K], and a list of such for a list. Raises ValueError where more are
        asked for than were learned, or a series is too short to go on from.
        """
        self._check_is_fitted()
        wanted = self.horizon_ if steps is None else steps
        if not (isinstance(wanted, Integral) and 1 <= wanted <= self.horizon_):
            raise BadCall("so many steps ahead were not learned", allowed=f"1 to {self.horizon_}", got=wanted,
                          fix="fit with a larger horizon")  # fmt: skip
        given, form = (self._trained, self._form) if y is None else (_with_channels(y, X)[0], _form(y))
        self._refuse(given)
        found = self._ahead(given, np.cumsum(given.lengths))[:, :wanted]
        return form.of(found)

    def score(self, y: Any, X: Any = None) -> float:
        """R² of every forecast of `horizon_` steps that can be made inside y and compared with it; the mean over
        columns. Raises ValueError where there is none."""
        self._check_is_fitted()
        steps, columns = _with_channels(y, X)
        ends = _known_ends(steps, columns, self.window_, self.horizon_)
        actual = steps.x[ends[:, None] + np.arange(self.horizon_), :columns]
        return r2(actual.reshape(-1, columns), self._ahead(steps, ends).reshape(-1, columns))

    def _ahead(self, steps: Steps, ends: Ints) -> Floats:
        """[N, horizon, K]: what comes after the windows that end before the rows `ends` [N]."""
        rows, index = self._rows(steps), (ends[:, None] - self.window_ + np.arange(self.window_)).ravel()
        names, lengths = [str(end) for end in ends], np.full(len(ends), self.window_)
        windows = replace(rows, x=rows.x[index], raw=rows.raw[index], lengths=lengths, names=names)
        table = answers(self.network_, windows, self.prepared_, None)
        return table.drop("sequence", "ahead").to_numpy().reshape(len(ends), self.horizon_, -1)

    def _refuse(self, steps: Steps) -> None:
        if steps.lengths.min() < self.window_:
            raise BadCall("a series is too short to forecast from", allowed=f"{self.window_} steps or more, the window",
                          got=f"{steps.lengths.min()} steps", fix="give its earlier steps too")  # fmt: skip
        last = steps.x[np.cumsum(steps.lengths) - 1, : len(self.prepared_.y_channels)]
        if np.isnan(last).any():
            raise BadCall("the last value of a series is missing, from which it is forecast",
                          fix="fill it in, or end the series at its last value")  # fmt: skip


def _known_ends(steps: Steps, columns: int, window: int, horizon: int) -> Ints:
    """The row after each window whose last value and `horizon` next ones are known. Raises BadCall where none is."""
    places = zip(starts_of(steps.lengths), steps.lengths, strict=True)
    ends = np.concatenate([np.arange(first + window, first + count - horizon + 1) for first, count in places])
    needed = steps.x[ends[:, None] + np.arange(-1, horizon), :columns]
    known = ends[~np.isnan(needed).any(axis=(1, 2))]
    if not len(known):
        raise BadCall("y holds no window with what came after it",
                      allowed=f"{window + horizon} steps or more without a gap at their end",
                      got=f"{steps.lengths.max()} steps", fix="give a longer series")  # fmt: skip
    return known


class _Form(NamedTuple):
    """How y was given: a list of series, or one; series without an axis of columns."""

    several: bool
    flat: bool

    def of(self, found: Floats) -> Any:
        """[N, steps, K] in that form."""
        series = [one[:, 0] if self.flat else one for one in found]
        return series if self.several else series[0]


def _form(y: Any) -> _Form:
    several = is_several(y)
    return _Form(several, np.ndim(y[0] if several else y) == 1)


def _with_channels(y: Any, X: Any) -> tuple[Steps, int]:
    """The columns of y and then the channels of X, and how many columns there are."""
    steps = read_series(y, "y")
    columns = steps.x.shape[1]
    if X is None:
        return steps, columns
    others = read_series(X, "X")
    if others.lengths.tolist() != steps.lengths.tolist():
        raise BadCall("X and y do not have the same steps", allowed=f"{steps.lengths.tolist()[:5]}",
                      got=f"{others.lengths.tolist()[:5]}", fix="give X at each step of y")  # fmt: skip
    return Steps(np.concatenate([steps.x, others.x], axis=1), steps.lengths), columns
