"""scikit-learn's own checks of an estimator, and its tools around sequences."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator, check_regressors_train

import carousel

SMALL: dict[str, Any] = {"contender": "gru", "hidden": 8, "learning_rate": 0.03, "validation": 0}
CHANNELS = "a 2-d X is sequences of one channel, and others may be longer: n_features_in_ counts channels"
FEW = "three steps learn nothing; see the tests below"
OF_ALL = {"check_n_features_in": CHANNELS, "check_n_features_in_after_fitting": CHANNELS}
Sequences = list[np.ndarray]


@pytest.mark.parametrize(("estimator", "excepted"), [
    (carousel.SequenceClassifier(steps=3, **SMALL), OF_ALL | {"check_classifiers_train": f"{FEW}; {CHANNELS}"}),
    (carousel.SequenceRegressor(steps=3, **SMALL), OF_ALL | {"check_regressors_train": FEW}),
])  # fmt: skip
def test_its_checks_pass_but_those_that_count_features(estimator: Any, excepted: dict[str, str]) -> None:
    found = check_estimator(estimator, expected_failed_checks=excepted, on_skip=None)
    status = {kind: {one["check_name"] for one in found if one["status"] == kind} for kind in ("passed", "xfail")}
    assert status["xfail"] == set(excepted)
    assert len(status["passed"]) >= 35


def test_a_regressor_learns_what_the_checks_ask() -> None:
    check_regressors_train("SequenceRegressor", carousel.SequenceRegressor(steps=200, **SMALL))


@pytest.fixture(scope="module")
def made() -> tuple[Sequences, np.ndarray]:
    """60 sequences of 5 to 11 steps of two channels; the class says whether the first channel's sum is above 0."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(rng.integers(5, 12), 2)) for _ in range(60)]
    return X, np.array(["above" if x[:, 0].sum() > 0 else "below" for x in X])


@pytest.fixture(scope="module")
def classifier(made: tuple[Sequences, np.ndarray]) -> carousel.SequenceClassifier:
    return carousel.SequenceClassifier("gru", hidden=8, learning_rate=0.03, steps=100).fit(*made)


def test_a_classifier_learns_sequences_of_unequal_lengths(
    made: tuple[Sequences, np.ndarray], classifier: carousel.SequenceClassifier
) -> None:
    X, y = made
    shares = classifier.predict_proba(X)
    assert classifier.classes_.tolist() == ["above", "below"]
    assert classifier.score(X, y) > 0.9
    assert np.allclose(shares.sum(axis=1), 1)
    assert (classifier.classes_[shares.argmax(axis=1)] == classifier.predict(X)).all()
    assert classifier.held_out_score_ is not None and classifier.held_out_score_ > 0.6
    assert 1 <= classifier.n_steps_ <= 100 and len(classifier.loss_curve_) == classifier.n_steps_


def test_it_is_copied_and_stored(made: tuple[Sequences, np.ndarray], classifier: carousel.SequenceClassifier) -> None:
    again = pickle.loads(pickle.dumps(classifier))
    assert np.array_equal(again.predict_proba(made[0]), classifier.predict_proba(made[0]))
    unfitted = clone(classifier)
    assert unfitted.get_params() == classifier.get_params() and not hasattr(unfitted, "network_")
    assert np.array_equal(unfitted.fit(*made).predict_proba(made[0]), classifier.predict_proba(made[0]))


def test_the_fast_kernel_learns_what_the_reference_does(made: tuple[Sequences, np.ndarray]) -> None:
    fits = [carousel.SequenceClassifier(steps=10, kernel=k, **SMALL).fit(*made) for k in ("reference", "auto")]
    plain, fast = (fit.predict_proba(made[0]) for fit in fits)
    assert [fit.network_.kernels for fit in fits] == [["reference"], ["numba"]]
    assert np.abs(plain - 0.5).max() > 0.01
    np.testing.assert_allclose(fast, plain, atol=1e-4)


def test_groups_pipelines_and_a_search_over_a_grid(made: tuple[Sequences, np.ndarray]) -> None:
    X, y = made
    small = carousel.SequenceClassifier(steps=40, **SMALL)
    groups = np.arange(60) // 6
    scores = cross_val_score(small, X, y, groups=groups, cv=GroupKFold(2), error_score="raise")
    assert scores.shape == (2,) and scores.min() > 0.5
    pipeline = make_pipeline(FunctionTransformer(_reversed), small)
    search = GridSearchCV(pipeline, {"sequenceclassifier__contender": ["rnn", "gru"]}, cv=2, error_score="raise")
    assert search.fit(X, y).best_params_["sequenceclassifier__contender"] in ("rnn", "gru")
    assert search.best_estimator_[-1].network_.stack[0].name == search.best_params_["sequenceclassifier__contender"]
    assert search.score(X, y) > 0.6


def test_groups_stay_together_while_the_steps_are_chosen() -> None:
    """Each group is one sequence ten times, of a class at random: who saw one of a group knows the others."""
    rng = np.random.default_rng(1)
    X = [x for x in (rng.normal(size=(4, 1)) for _ in range(12)) for _ in range(10)]
    y, groups = np.repeat([0, 1] * 6, 10), np.repeat(np.arange(12), 10)
    small = carousel.SequenceClassifier("gru", hidden=8, learning_rate=0.03, steps=100)
    assert small.fit(X, y).held_out_score_ == 1
    assert small.fit(X, y, groups=groups).held_out_score_ < 1
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        small.fit(X, y, groups=groups[1:])


def test_the_generator_of_torch_is_left_alone(made: tuple[Sequences, np.ndarray]) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    carousel.SequenceClassifier(steps=1, **SMALL).fit(*made)
    assert torch.equal(torch.get_rng_state(), before)


def _reversed(X: Sequences) -> Sequences:
    return [x[::-1] for x in X]


def test_a_regressor_answers_in_the_unit_of_y(made: tuple[Sequences, np.ndarray]) -> None:
    X = made[0]
    y = [1000 + 100 * x[:, 0].sum() for x in X]
    found = carousel.SequenceRegressor("gru", hidden=8, learning_rate=0.03, steps=150).fit(X, y)
    assert found.score(X, y) > 0.8
    assert abs(found.predict(X).mean() - np.mean(y)) < 100
    assert found.held_out_score_ is not None and found.held_out_score_ > 0.4


def test_missing_values_are_learned_where_training_has_them(made: tuple[Sequences, np.ndarray]) -> None:
    X, y = made
    holed = [np.where(np.arange(x.size).reshape(x.shape) == 3, np.nan, x) for x in X]
    assert np.isfinite(carousel.SequenceClassifier(steps=2, **SMALL).fit(holed, y).predict_proba(holed)).all()
    with pytest.raises(ValueError, match="channel x1 misses a value, and never missed one in training"):
        carousel.SequenceClassifier(steps=2, **SMALL).fit(X, y).predict(holed)


@pytest.fixture(scope="module")
def wave() -> np.ndarray:
    return np.asarray(50 + 10 * np.sin(np.arange(204) / 5))


def test_a_forecaster_continues_a_series(wave: np.ndarray) -> None:
    small = carousel.Forecaster("gru", hidden=8, learning_rate=0.03, steps=150, window=16, horizon=4)
    found = small.fit(wave[:200])
    np.testing.assert_allclose(found.predict(), wave[200:], atol=1)
    np.testing.assert_allclose(found.predict(2, wave[:100]), wave[100:102], atol=1)
    assert found.score(wave) > 0.98
    assert found.held_out_score_ is not None and found.held_out_score_ > 0.98
    several = found.predict(3, [wave[:50], wave[:60]])
    assert [one.shape for one in several] == [(3,), (3,)]
    np.testing.assert_allclose(several[1], found.predict(3, wave[:60]), rtol=1e-5)
    scores = cross_val_score(small.set_params(validation=0, steps=30), wave, cv=TimeSeriesSplit(2), error_score="raise")
    assert scores.shape == (2,) and np.isfinite(scores).all()


def test_a_forecaster_takes_columns_other_channels_and_several_series(wave: np.ndarray) -> None:
    both = np.stack([wave, -wave], axis=1)
    small = carousel.Forecaster(window=8, horizon=2, **SMALL | {"steps": 40})
    found = small.fit([both, both[:100]], X=[wave, wave[:100]])
    assert [one.shape for one in found.predict(1)] == [(1, 2), (1, 2)]
    assert found.score(both, wave) > 0.5
    assert found.n_features_in_ == 3


@pytest.mark.parametrize(("change", "said"), [
    ({"contender": "lstmm"}, "did you mean 'lstm'"),
    ({"contender": "lstm,gru"}, "a comparison sizes its networks by parameters"),
    ({"contender": "transformer"}, "hidden is the size of a recurrent network"),
    ({"validation": 0.5}, "validation is no such share; allowed: 0, or more and less than 0.5; got: 0.5"),
    ({"steps": 0}, "steps is no such whole number; allowed: 1 or more; got: 0"),
    ({"hidden": 2.5}, "hidden is no such whole number; allowed: 1 or more; got: 2.5"),
    ({"seed": None}, "seed is no such whole number; allowed: 0 or more; got: None"),
    ({"learning_rate": 0}, "learning_rate is no number above 0"),
    ({"contender": None}, "contender is no name"),
    ({"learning_rate": 1e38, "steps": 20}, "the training diverged"),
])  # fmt: skip
def test_parameters_that_cannot_be(made: tuple[Sequences, np.ndarray], change: dict[str, Any], said: str) -> None:
    with pytest.raises(carousel.errors.UserError, match=said):
        carousel.SequenceClassifier(**{"steps": 2, **SMALL, **change}).fit(*made)


@pytest.mark.parametrize(("X", "y", "said"), [
    ([], [], "X holds no sequences"),
    ([np.zeros((3, 2)), np.zeros((3, 1))], [0, 1], "do not have the same channels; allowed: 1 each; got: up to 2"),
    ([np.zeros((3, 2, 1))] * 2, [0, 1], r"X\[0\] is no sequence"),
    (np.zeros((2, 2, 2, 2)), [0, 1], "X is no array of sequences"),
    ([np.array([1, np.inf])] * 2, [0, 1], "Input X.0. contains infinity"),
    ([np.zeros(3), np.zeros(1)], [0, 1], r"X\[1\] has 1 step"),
    ([np.zeros(3)] * 2, [0, 0], "y holds one class"),
    ([np.zeros(3)] * 2, [0, 1, 1], "inconsistent numbers of samples"),
])  # fmt: skip
def test_data_that_cannot_be(X: Any, y: list[int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        carousel.SequenceClassifier(steps=2, **SMALL).fit(X, y)


def test_too_few_of_a_class_to_choose_the_steps_by(made: tuple[Sequences, np.ndarray]) -> None:
    y = np.array(["rare"] + ["common"] * 59)
    with pytest.raises(ValueError, match=r"has 1 sequence; .*fix: add data, or validation=0"):
        carousel.SequenceClassifier(**SMALL | {"validation": 0.2}).fit(made[0], y)


def test_forecasts_that_cannot_be(wave: np.ndarray) -> None:
    found = carousel.Forecaster(window=8, horizon=2, steps=2, **SMALL).fit(wave)
    ended = np.append(wave[:50], np.nan)
    for call, said in (
        (lambda: found.predict(3), "so many steps ahead were not learned; allowed: 1 to 2; got: 3"),
        (lambda: found.predict(y=wave[:5]), "a series is too short to forecast from"),
        (lambda: found.predict(y=np.stack([wave, wave], 1)), "X has 2 features, but Forecaster is expecting 1"),
        (lambda: found.predict(y=ended), "the last value of a series is missing"),
        (lambda: found.score(wave[:9]), "y holds no window with what came after it"),
        (lambda: found.predict(1.5), "so many steps ahead were not learned"),
        (lambda: found.fit(wave[:9]), "y holds no window with what came after it; allowed: 10 steps or more"),
        (lambda: found.fit(np.ones(50)), "a column of y has the same value all through"),
        (lambda: found.fit(wave, X=wave[1:]), "X and y do not have the same steps"),
    ):
        with pytest.raises(ValueError, match=said):
            call()
