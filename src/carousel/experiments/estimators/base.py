"""What the estimators share: their parameters, and what is known after `fit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from carousel.experiments.data import Prepared
from carousel.experiments.data.prepare.asked_rows import NewRows
from carousel.experiments.estimators.arrays import Steps, new_rows, read_steps
from carousel.experiments.estimators.compared import Compared
from carousel.experiments.estimators.frames import Layout, read_frame
from carousel.experiments.estimators.training import Settings, fitted


class RecurrentEstimator(BaseEstimator):
    """Parameters of every estimator.

    contender: the network, as `carousel compare` names it. Several, with commas, or "auto" (those of the quick budget):
    `fit` is that comparison, its run folder is `run_`, and the network that it takes away answers. Its networks are
    sized by `parameters`, their rates tuned.
    hidden: units a layer; None: as many as come to `parameters`. learning_rate: Adam's. steps: at most. validation: the
    share of the data that chooses the number of steps, while as much again is held out for `held_out_score_`; then the
    network is trained once more on all of it. 0: `steps` steps on all. kernel: that runs the recurrence. seed: of
    weights, split and batches. group, order: of a frame with a row a step, the column that names the sequence of a row
    and the one that orders its steps.
    """

    def __init__(
        self, contender: str = "lstm", *, hidden: int | None = None, parameters: int = 6600,
        learning_rate: float = 0.01, steps: int = 1000, validation: float = 0.2, kernel: str = "auto", seed: int = 0,
        group: str | None = None, order: str | None = None,
    ):  # fmt: skip
        self.contender = contender
        self.hidden = hidden
        self.parameters = parameters
        self.learning_rate = learning_rate
        self.steps = steps
        self.validation = validation
        self.kernel = kernel
        self.seed = seed
        self.group = group
        self.order = order

    def __sklearn_tags__(self) -> Any:
        """Sequences of one or several channels; NaN is a missing value."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags

    def _settings(self) -> Settings:
        return Settings(**{name: getattr(self, name) for name in Settings.__dataclass_fields__})

    def _fit(self, prepare: Callable[[bool], Prepared], settings: Settings, steps: Steps) -> None:
        found = fitted(prepare, settings)
        self.network_, self.prepared_, self.n_steps_ = found.network, found.prepared, found.steps
        self.loss_curve_, self.held_out_score_ = found.losses, found.held_out
        self._learned(steps)

    def _compare(self, found: Compared, steps: Steps) -> None:
        self.network_, self.prepared_, self.n_steps_ = found.network, found.prepared, found.steps
        self.held_out_score_, self.run_ = found.held_out, found.folder
        self._learned(steps)

    def _learned(self, steps: Steps) -> None:
        self.n_features_in_ = steps.x.shape[1]
        self._channels = list(steps.channels)

    def _steps(self, X: Any) -> Steps:
        return read_steps(X) if self.group is None else read_frame(X, self._layout(), self._channels)[0]

    def _layout(self) -> Layout:
        return Layout(self.group, self.order)

    def _rows(self, steps: Steps) -> NewRows:
        return new_rows(steps, self.prepared_, type(self).__name__)

    def _check_is_fitted(self) -> None:
        check_is_fitted(self, "network_")
