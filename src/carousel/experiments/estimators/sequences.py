"""One answer a sequence: a class or a value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self, final

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
from carousel.experiments.estimators.arrays import Steps, read_steps
from carousel.experiments.estimators.base import RecurrentEstimator
from carousel.experiments.takeaway.predict import answers


class _OneAnswer(RecurrentEstimator):
    def _fit_labels(self, steps: Steps, labels: np.ndarray, kind: TargetKind, groups: Any) -> None:
        check_consistent_length(steps.lengths, labels, groups)
        if len(labels) < 2:
            raise BadCall("nothing can be learned from 1 sample", allowed="two sequences or more", fix="give more")
        settings = self._settings()
        options = DataOptions(kind=kind, split=settings.split, split_seed=settings.seed)
        parsed = ParsedSequences(steps.x, steps.lengths, steps.names, steps.channels, "y", pl.Series("y", labels))
        if groups is not None:
            parsed = replace(parsed, block="groups", blocks=[str(group) for group in groups])

        def prepare(whole: bool) -> Prepared:
            return from_sequences(parsed, options, "X", "", whole=whole)

        self._fit(prepare, settings, steps.x.shape[1])

    def _answers(self, X: Any) -> pl.DataFrame:
        self._check_is_fitted()
        return answers(self.network_, self._rows(read_steps(X)), self.prepared_, None)


@final
class SequenceClassifier(ClassifierMixin, _OneAnswer):
    """A class for each sequence, by a recurrent network (or a Transformer), as scikit-learn's classifiers are used.

    X: a list of [T, C] arrays of any lengths, an array [N, T, C], or [N, T] of one channel; NaN where missing. y: [N].
    After `fit`: `classes_`, `network_` (a torch module), `held_out_score_` (accuracy), `n_steps_`, `loss_curve_`.
    """

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Learn the class y [N] of each sequence of X. groups: [N] whose sequences (a patient's) stay in one part while
        the number of steps is chosen. Raises ValueError where they do not fit each other."""
        steps, labels = read_steps(X), column_or_1d(y, warn=True)
        assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise BadCall("y holds one class", allowed="two classes or more", got=repr(str(self.classes_[0])),
                          fix="add sequences of another class")  # fmt: skip
        self._fit_labels(steps, codes, "classification", groups)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """[N, K]: the probability of each of `classes_`."""
        return self._answers(X).drop("sequence", "predicted").to_numpy()

    def predict(self, X: Any) -> np.ndarray:
        """[N]: the likeliest class of each."""
        found = self.predict_proba(X).argmax(axis=1)
        return self.classes_[found]


@final
class SequenceRegressor(RegressorMixin, _OneAnswer):
    """A value for each sequence, as scikit-learn's regressors are used.

    X: as of `SequenceClassifier`. y: [N] numbers. After `fit`: `network_`, `held_out_score_` (R²), `n_steps_`,
    `loss_curve_`.
    """

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Learn the value y [N] of each sequence of X. groups: [N] whose sequences (a patient's) stay in one part while
        the number of steps is chosen. Raises ValueError where they do not fit each other."""
        steps, values = read_steps(X), column_or_1d(y, warn=True)
        assert_all_finite(values, input_name="y")
        self._fit_labels(steps, values.astype(np.float64), "regression", groups)
        return self

    def predict(self, X: Any) -> Floats:
        """[N]: the value of each, in the unit of y."""
        return self._answers(X)["predicted"].to_numpy()
