"""How an estimator is fitted: a first training chooses the number of steps, a second one learns from all there is.

Both are those of a comparison: its loop, its stopping, its sizes, its refit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral, Real

import torch

from carousel.common.errors import BadCall, BadData, BadPlan
from carousel.common.names import TRANSFORMER
from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.matching import count_parameters
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import ContenderSpec, parse_contenders
from carousel.experiments.data import DataTask, Prepared
from carousel.experiments.runner.budgets import BUDGETS, training_of
from carousel.experiments.runner.sizing import sized
from carousel.experiments.training.loop import Learner, train
from carousel.experiments.training.rules import StopRule, Training
from carousel.experiments.training.scoring import evaluate
from carousel.experiments.training.trial import build_contender

_LIKE_A_FILE = training_of(BUDGETS["quick"], file=True)  # batch size, clipping, patience


@dataclass(frozen=True)
class Settings:
    """What the user chose; the fields are the estimators' parameters."""

    contender: str
    hidden: int | None
    parameters: int
    learning_rate: float
    steps: int
    validation: float
    kernel: str
    seed: int

    def __post_init__(self) -> None:
        if not (isinstance(self.validation, Real) and 0 <= self.validation < 0.5):
            raise BadPlan("validation is no such share", allowed="0, or more and less than 0.5", got=self.validation,
                          fix="take 0.2")  # fmt: skip
        if not isinstance(self.contender, str):
            raise BadPlan("contender is no name", got=repr(self.contender), fix="give one such as 'lstm'")
        if not (isinstance(self.learning_rate, Real) and self.learning_rate > 0):
            raise BadPlan("learning_rate is no number above 0", got=repr(self.learning_rate), fix="take 0.01")
        for name, least in (("hidden", 1), ("parameters", 1), ("steps", 1), ("seed", 0)):
            value = getattr(self, name)
            if not ((isinstance(value, Integral) and value >= least) or (name, value) == ("hidden", None)):
                raise BadPlan(f"{name} is no such whole number", allowed=f"{least} or more", got=repr(value))

    @property
    def split(self) -> tuple[float, float, float]:
        """Shares of training, validation and test, while the number of steps is chosen."""
        return (1 - 2 * self.validation, self.validation, self.validation) if self.validation else (0.6, 0.2, 0.2)


@dataclass(frozen=True)
class Fitted:
    """prepared: all data, with its scaling. steps: of the last training; losses: of each. held_out: the score of the
    first training's network on a part that it never saw; None where there was none."""

    network: Network
    prepared: Prepared
    steps: int
    losses: list[float]
    held_out: float | None


def fitted(prepare: Callable[[bool], Prepared], settings: Settings) -> Fitted:
    """prepare: the data, split (False) or whole (True). Raises BadCall where they cannot be learned from."""
    held_out, steps = None, settings.steps
    with _as_call(settings):
        whole = DataTask(prepare(True))
        parts = DataTask(prepare(False)) if settings.validation else None
    if parts is not None:
        chosen = _trained(parts, settings, _LIKE_A_FILE.model_copy(update={"steps": steps}))
        steps = max(1, chosen.history.best_step)
        held_out = evaluate(chosen.network, parts, parts.batches("test"))
    learner = _trained(whole, settings, _fixed(steps))
    return Fitted(learner.network.eval(), whole.prepared, steps, learner.history.losses, held_out)


def _fixed(steps: int) -> Training:
    return _LIKE_A_FILE.model_copy(update={"steps": steps, "stop": StopRule(check_every=steps)})


def _trained(task: DataTask, settings: Settings, training: Training) -> Learner:
    (spec,) = parse_contenders(settings.contender)  # several are compared
    (contender,) = sized([spec], task, _parameters(spec, task, settings))
    with torch.random.fork_rng(devices=[]):  # torch's layers draw from its own generator before they get their weights
        network = build_contender(contender, task, settings.seed, settings.kernel)
    (learner,) = train([Learner(network, task, settings.seed, settings.learning_rate)], training)
    if learner.history.outcome == "diverged":
        raise BadCall("the training diverged: its loss or gradient is no finite number",
                      got=f"learning_rate={settings.learning_rate:g}", fix="take a smaller one")  # fmt: skip
    return learner


def _parameters(spec: ContenderSpec, task: DataTask, settings: Settings) -> int:
    if settings.hidden is None:
        return settings.parameters
    if spec.cell == TRANSFORMER:
        raise BadPlan("hidden is the size of a recurrent network", got=settings.contender, fix="give parameters")
    return count_parameters(spec, task.inputs, Size(settings.hidden), task.outputs)


@contextmanager
def _as_call(settings: Settings) -> Iterator[None]:
    """What a file would be refused for, as the ValueError of a call, with a cure that a call has."""
    try:
        yield
    except BadData as error:
        fix = "add data, or validation=0" if settings.validation else "add data, or data that differ"
        raise BadCall(error.what, allowed=error.allowed, got=error.got, fix=fix) from error
