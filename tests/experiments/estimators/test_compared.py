"""Several contenders: `fit` is the comparison, and the network that it takes away answers."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import carousel
from carousel.experiments.runner.budgets import BUDGETS

RNG = np.random.default_rng(0)
X = [RNG.normal(size=(RNG.integers(4, 7), 2)) for _ in range(60)]
Y = np.array([12 if x[:, 0].sum() > 0 else 3 for x in X])


def test_the_comparison_is_the_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    quick = BUDGETS["quick"]
    few = {"learning_rates": (0.03,), "tuning_seeds": (0,), "reporting_seeds": (100, 101), "interim_analyses": (2,)}
    monkeypatch.setitem(BUDGETS, "quick", quick._replace(**few, contenders="rnn,gru"))
    made = carousel.SequenceClassifier("auto", parameters=400, steps=50)
    with pytest.raises(carousel.errors.UserError, match=r"sizes its networks by parameters.*allowed: hidden=None, val"):
        made.set_params(hidden=8).fit(X, Y)
    found = made.set_params(hidden=None).fit(X, Y)
    assert found.classes_.tolist() == [3, 12] and found.run_.parent == Path("runs")
    run = carousel.load_run(found.run_)
    trials = run.trials.filter(phase="reporting")
    assert set(trials["contender"]) == {"rnn", "gru"} and trials["steps"].max() <= 50
    network, task = run.best
    batch = task.held_out("test")
    logits = network(batch.x, batch.lengths).detach()
    np.testing.assert_allclose(found.predict_proba(X), logits.softmax(dim=1).numpy(), atol=1e-6)
    assert found.held_out_score_ in [scores["score"].mean() for _, scores in trials.group_by("contender")]
    assert 1 <= found.n_steps_ <= 50 and found.score(X, Y) > 0.5
    assert np.array_equal(pickle.loads(pickle.dumps(found)).predict(X), found.predict(X))
