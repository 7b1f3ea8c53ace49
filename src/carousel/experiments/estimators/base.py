"""What the estimators share: their parameters, and what is known after `fit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from carousel.experiments.data import Prepared
from carousel.experiments.data.prepare.new_rows import NewRows
from carousel.experiments.estimators.arrays import Steps, new_rows
from carousel.experiments.estimators.training import Settings, fitted


class RecurrentEstimator(BaseEstimator):
    """Parameters of every estimator.

    contender: the network, as `carousel compare` names it. hidden: units a layer; None: as many as come to
    `parameters`. learning_rate: Adam's. steps: at most. validation: the share of the data that chooses the number of
    steps, while as much again is held out for `held_out_score_`; then the network is trained once more on all of it.
    0: `steps` steps on all. kernel: that runs the recurrence. seed: of weights, split and batches.
    """

    def __init__(
        self, contender: str = "lstm", *, hidden: int | None = None, parameters: int = 6600,
        learning_rate: float = 0.01, steps: int = 1000, validation: float = 0.2, kernel: str = "auto", seed: int = 0,
    ):  # fmt: skip
        self.contender = contender
        self.hidden = hidden
        self.parameters = parameters
        self.learning_rate = learning_rate
        self.steps = steps
        self.validation = validation
        self.kernel = kernel
        self.seed = seed

    def __sklearn_tags__(self) -> Any:
        """Sequences of one or several channels; NaN is a missing value."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags

    def _settings(self) -> Settings:
        return Settings(**{name: getattr(self, name) for name in Settings.__dataclass_fields__})

    def _fit(self, prepare: Callable[[bool], Prepared], settings: Settings, channels: int) -> None:
        found = fitted(prepare, settings)
        self.network_, self.prepared_, self.n_steps_ = found.network, found.prepared, found.steps
        self.loss_curve_, self.held_out_score_ = found.losses, found.held_out
        self.n_features_in_ = channels

    def _rows(self, steps: Steps) -> NewRows:
        return new_rows(steps, self.prepared_, type(self).__name__)

    def _check_is_fitted(self) -> None:
        check_is_fitted(self, "network_")
