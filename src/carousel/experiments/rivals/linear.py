"""Linear: ridge on lags for forecasts; on summaries, logistic for classes and ridge for values."""

from __future__ import annotations

import warnings

import numpy as np

from carousel.experiments.data.arrays import Floats, Ints, Singles
from carousel.experiments.rivals.base import Features, Fitted, in_blocks
from carousel.experiments.rivals.examples import Examples
from carousel.experiments.rivals.ridge import fit_ridge
from carousel.experiments.rivals.scoring import score, squared_error
from carousel.experiments.rivals.seasonal import last_season, period_of
from carousel.experiments.rivals.summaries import summaries

MOST_EXAMPLES = 20_000  # that are fitted on, at even distances
_HELD_OUT = 4_000  # validation examples that the penalty is chosen on
_LOGISTIC = (0.001, 0.01, 0.1, 1.0, 10.0)  # inverse penalties, from strong to weak
_STEPS = 200


def linear(examples: Examples, seed: int) -> Fitted:
    """The linear model that suits the kind of file."""
    return {"forecast": _on_lags, "regression": _ridge, "classification": _logistic}[examples.prepared.kind](examples)


def _on_lags(examples: Examples) -> Fitted:
    """The last steps of every channel, and the season before each step ahead; all steps ahead at once."""
    period = period_of(examples)

    def features(rows: Ints) -> Singles:
        season = last_season(examples, rows, period).reshape(len(rows), -1)
        return np.concatenate([examples.lags(rows), season], axis=1, dtype=np.float32)

    return _by_ridge(examples, features)


def _ridge(examples: Examples) -> Fitted:
    found = summaries(examples)
    return _by_ridge(examples, lambda rows: found[rows])


def _by_ridge(examples: Examples, features: Features) -> Fitted:
    training, held_out = examples.rows("training", MOST_EXAMPLES), examples.rows("validation", _HELD_OUT)
    fitted = fit_ridge(
        features(training),
        examples.y[training].astype(np.float64),
        features(held_out),
        lambda predicted: squared_error(examples, held_out, predicted),
    )
    return Fitted(in_blocks(lambda rows: fitted.predict(features(rows))), f"penalty={fitted.penalty:g}", len(training))


def _logistic(examples: Examples) -> Fitted:
    """The inverse penalty of the best accuracy on the validation part, the smallest of equals."""
    from sklearn.linear_model import LogisticRegression

    training, held_out = examples.rows("training", MOST_EXAMPLES), examples.rows("validation", _HELD_OUT)
    x = summaries(examples).astype(np.float64)
    mean, scale = x[training].mean(axis=0), x[training].std(axis=0)
    x = (x - mean) / np.where(scale < 1e-8, 1.0, scale)
    codes = examples.y[training]
    classes = len(examples.prepared.card["classes"] or ())
    if len(np.unique(codes)) < 2:  # nothing to tell apart
        return Fitted(lambda rows: np.eye(classes)[np.full(len(rows), codes[0])], "one class", len(training))

    def spread(model: LogisticRegression, rows: Ints) -> Floats:
        found = np.zeros((len(rows), classes))
        found[:, model.classes_] = model.predict_proba(x[rows])
        return found

    models = []
    with warnings.catch_warnings():
        # An optimum that is not quite reached is judged on the validation part like any other.
        warnings.simplefilter("ignore")
        for inverse in _LOGISTIC:
            models.append(LogisticRegression(C=inverse, max_iter=_STEPS).fit(x[training], codes))
    best = max(models, key=lambda model: score(examples, held_out, spread(model, held_out)))
    return Fitted(lambda rows: spread(best, rows), f"C={best.C:g}", len(training))
