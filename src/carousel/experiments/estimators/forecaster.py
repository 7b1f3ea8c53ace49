"""The next values of a series."""

from __future__ import annotations

from collections.abc import Sequence
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
from carousel.experiments.estimators.compared import compared, is_comparison
from carousel.experiments.estimators.frames import Layout, is_frame, read_frame
from carousel.experiments.estimators.training import Settings
from carousel.experiments.takeaway.predict import answers


@final
class Forecaster(RecurrentEstimator):
    """The next `horizon` values of a series from its last `window` steps, all at once.

    window, horizon: in steps; None: as `carousel compare` chooses them (`window_` and `horizon_` after `fit`). The
    other parameters are those of `SequenceClassifier`. y: one series [T], or [T, K] of K columns, or a list of such.
    X: other channels [T, C] known at the same steps. `cross_val_score(forecaster, y, cv=TimeSeriesSplit())` works.
    X may be a polars or pandas frame with a row a step; y is then a column's name or a list of such, the others are
    channels, and `group` and `order` say which rows are a series and in what order: `fit("sold", frame)`.
    """

    def __init__(
        self, contender: str = "lstm", *, window: int | None = None, horizon: int | None = None,
        hidden: int | None = None, parameters: int = 6600, learning_rate: float = 0.01, steps: int = 1000,
        validation: float = 0.2, kernel: str = "auto", seed: int = 0, group: str | None = None,
        order: str | None = None,
    ):  # fmt: skip
        super().__init__(contender, hidden=hidden, parameters=parameters, learning_rate=learning_rate, steps=steps,
                         validation=validation, kernel=kernel, seed=seed, group=group, order=order)  # fmt: skip
        self.window = window
        self.horizon = horizon

    def fit(self, y: Any, X: Any = None) -> Self:
        """Learn to continue y. Raises ValueError where a series is too short."""
        steps, columns = _series(y, X, self._layout())
        settings, names = self._settings(), steps.channels
        options = DataOptions(forecast=names[:columns], window=self.window, horizon=self.horizon, split=settings.split)
        window, horizon = sizes(steps.lengths, options)
        _known_ends(steps, columns, window, horizon)
        values = steps.x[:, :columns]
        if (np.nanmin(values, axis=0) == np.nanmax(values, axis=0)).any():
            raise BadCall(
                "a column of y has the same value all through", fix="there is nothing to predict: leave it out"
            )
        self._learn(steps, options, settings)
        forecast = self.prepared_.card["forecast"]
        assert forecast is not None
        self.window_, self.horizon_ = forecast["window"], forecast["horizon"]
        self._form, self._trained = self._form_of(y, X), steps
        return self

    def _learn(self, steps: Steps, options: DataOptions, settings: Settings) -> None:
        if is_comparison(settings):
            return self._compare(compared(steps, {}, options, settings), steps)
        targets = tuple(range(len(options.forecast)))
        parsed = ParsedSeries(
            steps.x, steps.lengths, steps.names, steps.channels, np.arange(len(steps.x)), None, targets
        )

        def prepare(whole: bool) -> Prepared:
            return from_series(parsed, options, "y", "", whole=whole)

        return self._fit(prepare, settings, steps)

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
        given, form = (self._trained, self._form) if y is None else (self._known_series(y, X)[0], self._form_of(y, X))
        self._refuse(given)
        found = self._ahead(given, np.cumsum(given.lengths))[:, :wanted]
        return form.of(found)

    def score(self, y: Any, X: Any = None) -> float:
        """R² of every forecast of `horizon_` steps that can be made inside y and compared with it; the mean over
        columns. Raises ValueError where there is none."""
        self._check_is_fitted()
        steps, columns = self._known_series(y, X)
        ends = _known_ends(steps, columns, self.window_, self.horizon_)
        actual = steps.x[ends[:, None] + np.arange(self.horizon_), :columns]
        return r2(actual.reshape(-1, columns), self._ahead(steps, ends).reshape(-1, columns))

    def _known_series(self, y: Any, X: Any) -> tuple[Steps, int]:
        return _series(y, X, self._layout(), self._channels)

    def _form_of(self, y: Any, X: Any) -> _Form:
        if is_frame(X):
            return _Form(self.group is not None, isinstance(y, str))
        several = is_several(y)
        return _Form(several, np.ndim(y[0] if several else y) == 1)

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


def _series(y: Any, X: Any, layout: Layout, known: Sequence[str] | None = None) -> tuple[Steps, int]:
    """The columns of y and then the channels of X, and how many columns there are. known: of a frame, those of
    training; None: all that have no role."""
    if not is_frame(X):
        return _with_channels(y, X)
    named = [y] if isinstance(y, str) else list(y)
    others = [str(name) for name in (known or X.columns) if name not in (*layout.roles, *named)]
    return read_frame(X, layout, [*named, *others])[0], len(named)


def _with_channels(y: Any, X: Any) -> tuple[Steps, int]:
    steps = read_series(y, "y")
    columns = steps.x.shape[1]
    names = tuple(f"y{k}" for k in range(columns))
    if X is None:
        return steps._replace(channels=names), columns
    others = read_series(X, "X")
    if others.lengths.tolist() != steps.lengths.tolist():
        raise BadCall("X and y do not have the same steps", allowed=f"{steps.lengths.tolist()[:5]}",
                      got=f"{others.lengths.tolist()[:5]}", fix="give X at each step of y")  # fmt: skip
    both = np.concatenate([steps.x, others.x], axis=1)
    return Steps(both, steps.lengths, names + others.channels, steps.names), columns
