"""Gradient boosting on lags or summaries: scikit-learn's histogram trees, as many as do best on the validation part."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints, Singles
from carousel.experiments.rivals.base import Fitted, in_blocks
from carousel.experiments.rivals.examples import Examples
from carousel.experiments.rivals.scoring import score
from carousel.experiments.rivals.seasonal import last_season, period_of
from carousel.experiments.rivals.summaries import summaries

MOST_ROWS = 10_000  # that trees are grown on, at even distances; of forecasts a row is one step ahead of one example
_MOST_LAGS, _HELD_OUT = 100, 2_000
_ROUNDS, _MOST_TREES, _RATE = 100, 1_000, 0.1  # trees: a round has one for each class
_LEAST_LEAF = 20  # examples


def boosting(examples: Examples, seed: int) -> Fitted:
    """Trees that suit the kind of file."""
    kinds = {"forecast": _ahead, "regression": _values, "classification": _classes}
    return kinds[examples.prepared.kind](examples, seed)


def _ahead(examples: Examples, seed: int) -> Fitted:
    """One model a forecast column: it is told how far ahead, and the season before that step."""
    period, steps, count = period_of(examples), examples.horizon, examples.columns
    training = examples.rows("training", max(1, MOST_ROWS // steps))
    held_out = examples.rows("validation", max(1, _HELD_OUT // steps))

    def features(rows: Ints, column: int) -> Singles:
        lags = np.repeat(examples.lags(rows, _MOST_LAGS), steps, axis=0)
        season = last_season(examples, rows, period)[:, :, column].reshape(-1, 1)
        ahead = np.tile(np.arange(steps), len(rows))[:, None]
        return np.concatenate([lags, season, ahead], axis=1, dtype=np.float32)

    def targets(rows: Ints, column: int) -> Floats:
        return np.asarray(examples.y[rows].reshape(len(rows), steps, count)[:, :, column].reshape(-1), dtype=np.float64)

    grown = [
        _Trees.of_values(features(training, k), targets(training, k), features(held_out, k), targets(held_out, k), seed)
        for k in range(count)
    ]

    def predict(rows: Ints) -> Floats:
        columns = [trees.values(features(rows, k)).reshape(len(rows), steps) for k, trees in enumerate(grown)]
        return np.stack(columns, axis=2).reshape(len(rows), -1)

    return Fitted(in_blocks(predict), _setting(grown), len(training))


def _values(examples: Examples, seed: int) -> Fitted:
    """One model a target."""
    x, y = summaries(examples), examples.y.astype(np.float64)
    training, held_out = examples.rows("training", MOST_ROWS), examples.rows("validation", _HELD_OUT)
    grown = [
        _Trees.of_values(x[training], y[training, k], x[held_out], y[held_out, k], seed) for k in range(y.shape[1])
    ]
    return Fitted(
        lambda rows: np.stack([trees.values(x[rows]) for trees in grown], axis=1), _setting(grown), len(training)
    )


def _classes(examples: Examples, seed: int) -> Fitted:
    """Of a training part with one class alone: that class."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = summaries(examples), examples.y
    training, held_out = examples.rows("training", MOST_ROWS), examples.rows("validation", _HELD_OUT)
    known = np.unique(y[training])
    classes = len(examples.prepared.card["classes"] or ())
    if len(known) < 2:
        return Fitted(lambda rows: np.eye(classes)[np.full(len(rows), known[0])], "one class", len(training))
    rounds = max(20, min(_ROUNDS, _MOST_TREES // len(known)))
    model = HistGradientBoostingClassifier(max_iter=rounds, **_options(len(training), seed))
    model.fit(x[training], y[training])

    def spread(found: Floats) -> Floats:
        wide = np.zeros((len(found), classes))
        wide[:, model.classes_] = found
        return wide

    kept = _best(-score(examples, held_out, spread(p)) for p in model.staged_predict_proba(x[held_out]))
    trees = _Trees(model, kept)
    return Fitted(lambda rows: spread(trees.chances(x[rows])), _setting([trees]), len(training))


class _Trees:
    """A model of which the first rounds alone are used."""

    def __init__(self, model: Any, rounds: int):
        self._model, self.rounds = model, rounds

    @classmethod
    def of_values(cls, x: Singles, y: Floats, held_out: Singles, actual: Floats, seed: int) -> _Trees:
        """The rounds of the least squared error on what is held out."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        model = HistGradientBoostingRegressor(max_iter=_ROUNDS, **_options(len(x), seed)).fit(x, y)
        return cls(model, _best(float(((p - actual) ** 2).mean()) for p in model.staged_predict(held_out)))

    def values(self, x: Singles) -> Floats:
        """[n]."""
        return self._after(self._model.staged_predict(x))

    def chances(self, x: Singles) -> Floats:
        """[n, classes that the training part holds]."""
        return self._after(self._model.staged_predict_proba(x))

    def _after(self, stages: Any) -> Floats:
        found: Floats = next(islice(stages, self.rounds - 1, None))
        return found


def _options(count: int, seed: int) -> dict[str, Any]:
    """A leaf of a small file is smaller."""
    leaf = max(2, min(_LEAST_LEAF, count // 20))
    return {"learning_rate": _RATE, "min_samples_leaf": leaf, "early_stopping": False, "random_state": seed}


def _best(errors: Any) -> int:
    """Rounds, from 1; the first of equals."""
    return int(np.argmin(list(errors))) + 1


def _setting(grown: list[_Trees]) -> str:
    return "rounds=" + "/".join(str(trees.rounds) for trees in grown)
