"""One answer a sequence: a class or a value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple, Self, final

import numpy as np
import polars as pl
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, check_consistent_length, column_or_1d

from carousel.common.errors import BadCall
from carousel.experiments.data import DataOptions, Prepared
from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.options import TargetKind
from carousel.experiments.data.prepare.sequences import from_sequences
from carousel.experiments.data.read.parsed import ParsedSequences
from carousel.experiments.estimators.arrays import Steps, numbered, read_steps
from carousel.experiments.estimators.base import RecurrentEstimator
from carousel.experiments.estimators.compared import compared, is_comparison
from carousel.experiments.estimators.frames import read_frame
from carousel.experiments.takeaway.predict import answers


class _Given(NamedTuple):
    """labels, groups: [N]."""

    steps: Steps
    labels: np.ndarray
    groups: np.ndarray | None


class _OneAnswer(RecurrentEstimator):
    def _given(self, X: Any, y: Any, groups: Any = None, channels: list[str] | None = None) -> _Given:
        """The sequences, and of each its label and group."""
        if self.group is not None:
            steps, each = read_frame(X, self._layout(), channels, y=y, groups=groups)
            return _Given(steps, each["y"], each.get("groups"))
        steps, labels = read_steps(X), column_or_1d(y, warn=True)
        assert_all_finite(labels, input_name="y")
        check_consistent_length(steps.lengths, labels, groups)
        return _Given(steps, labels, None if groups is None else np.asarray(groups))

    def _fit_labels(self, given: _Given, labels: np.ndarray, kind: TargetKind) -> None:
        if len(labels) < 2:
            raise BadCall("nothing can be learned from 1 sample", allowed="two sequences or more", fix="give more")
        settings, steps = self._settings(), given.steps
        options = DataOptions(kind=kind, split=settings.split, split_seed=settings.seed)
        if is_comparison(settings):
            asked = replace(options, target="y", block=None if given.groups is None else "groups")
            each = {"y": labels} | ({} if given.groups is None else {"groups": given.groups.astype(str)})
            return self._compare(compared(numbered(steps.x, steps.lengths), each, asked, settings), steps)
        parsed = ParsedSequences(steps.x, steps.lengths, steps.names, steps.channels, "y", pl.Series("y", labels))
        if given.groups is not None:
            parsed = replace(parsed, block="groups", blocks=given.groups.astype(str).tolist())

        def prepare(whole: bool) -> Prepared:
            return from_sequences(parsed, options, "X", "", whole=whole)

        return self._fit(prepare, settings, steps)

    def _answers(self, X: Any) -> pl.DataFrame:
        self._check_is_fitted()
        return answers(self.network_, self._rows(self._steps(X)), self.prepared_, None)

    def _truth(self, X: Any, y: Any) -> Any:
        """[N] of each sequence: of a frame y is a value a row, or a column's name."""
        return y if self.group is None else self._given(X, y, channels=self._channels).labels


@final
class SequenceClassifier(ClassifierMixin, _OneAnswer):
    """A class for each sequence, by a recurrent network (or a Transformer), as scikit-learn's classifiers are used.

    X: a list of [T, C] arrays of any lengths, an array [N, T, C], or [N, T] of one channel; NaN where missing. y: [N].
    With `group`: a polars or pandas frame with a row a step, and y a column's name or a value a row. Answers are then
    in the order of the sequences' names.
    After `fit`: `classes_`, `network_` (a torch module), `held_out_score_` (accuracy), `n_steps_`, `loss_curve_`.
    """

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Learn the class y [N] of each sequence of X. groups: [N] whose sequences (a patient's) stay in one part while
        the number of steps is chosen. Raises ValueError where they do not fit each other."""
        given = self._given(X, y, groups)
        check_classification_targets(given.labels)
        self.classes_, codes = np.unique(given.labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise BadCall("y holds one class", allowed="two classes or more", got=repr(str(self.classes_[0])),
                          fix="add sequences of another class")  # fmt: skip
        self._fit_labels(given, codes, "classification")
        return self

    def predict_proba(self, X: Any) -> Floats:
        """[N, K]: the probability of each of `classes_`."""
        return self._answers(X).drop("sequence", "predicted").to_numpy()

    def predict(self, X: Any) -> np.ndarray:
        """[N]: the likeliest class of each."""
        found = self.predict_proba(X).argmax(axis=1)
        return self.classes_[found]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of sequences whose class is right."""
        return float(super().score(X, self._truth(X, y), sample_weight))


@final
class SequenceRegressor(RegressorMixin, _OneAnswer):
    """A value for each sequence, as scikit-learn's regressors are used.

    X: as of `SequenceClassifier`. y: [N] numbers. After `fit`: `network_`, `held_out_score_` (R²), `n_steps_`,
    `loss_curve_`.
    """

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Learn the value y [N] of each sequence of X. groups: [N] whose sequences (a patient's) stay in one part while
        the number of steps is chosen. Raises ValueError where they do not fit each other."""
        given = self._given(X, y, groups)
        self._fit_labels(given, given.labels.astype(np.float64), "regression")
        return self

    def predict(self, X: Any) -> Floats:
        """[N]: the value of each, in the unit of y."""
        return self._answers(X)["predicted"].to_numpy()

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R²."""
        return float(super().score(X, self._truth(X, y), sample_weight))
