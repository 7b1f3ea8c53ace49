"""The training loop of a group of networks: draw, forward, backward, clip, step, look now and then.

The networks are of one shape; each has its own weights, seed, learning rate, stopping and history, and leaves when it
stops. What becomes of one does not depend on which others train beside it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from carousel.experiments.contenders.base import Network
from carousel.experiments.tasks.base import Batch, Task
from carousel.experiments.training.device import CPU, OnCard
from carousel.experiments.training.draws import Draws
from carousel.experiments.training.history import History
from carousel.experiments.training.learners import Learners, Weights, learners_of, snapshot
from carousel.experiments.training.pruning import Contest, Standing, outpaced
from carousel.experiments.training.rules import StopRule, Training
from carousel.experiments.training.scoring import evaluate
from carousel.experiments.training.stopping import Stopping


class Pulse:
    """Training steps that this process has taken: what a watcher in another thread sees of its progress."""

    steps = 0


PULSE = Pulse()


@dataclass
class Learner:
    """One network of the group. at_step: what shall be measured of it after certain steps. contest: of a tuning trial
    that ends where its learning rate can no longer be chosen. kernels: what has trained it, a name a layer."""

    network: Network
    task: Task
    seed: int
    learning_rate: float
    at_step: dict[int, Callable[[], None]] = field(default_factory=dict)
    contest: Contest | None = None
    history: History = field(default_factory=History)
    kernels: list[str] = field(default_factory=list)


def train(group: Sequence[Learner], training: Training, device: torch.device = CPU) -> Iterator[Learner]:
    """Train with Adam. Each learner is given back as soon as it has stopped, the weights of its best validation check
    (the last of equals) in its network, which stays on the processor; the steps are taken on `device`.

    A loss or gradient that is not finite ends a trial as "diverged" before it reaches the weights.
    """
    networks = [learner.network for learner in group]
    learners = learners_of(networks, [learner.learning_rate for learner in group], training.clip_norm, device)
    draws = Draws([learner.task for learner in group], [learner.seed for learner in group], training.batch_size, device)
    tasks = {id(learner.task): learner.task for learner in group}
    checked = {name: list(task.batches("validation", task.checked)) for name, task in tasks.items()}
    on_card = None if device == CPU else OnCard(networks[0], device)  # of one shape: each is checked with its weights
    members = [_Member(learner, training, checked[id(learner.task)], on_card) for learner in group]
    contests = _contests(members)
    for step in range(1, training.steps + 1):
        drawn, batch = draws.next()
        losses = members[0].learner.task.losses(learners.outputs(drawn), batch)
        norms = learners.step(losses)
        PULSE.steps += 1
        for n, (member, loss, norm) in enumerate(zip(members, losses.tolist(), norms, strict=True)):
            member.note(step, loss, norm, learners, n)
        if step % training.stop.check_every == 0:
            for contest, of_it in contests.items():
                _prune(contest, of_it, training.stop, step)
        stopped = [member for member in members if member.stopped]
        if not stopped:
            continue
        for member in stopped:
            member.learner.kernels = learners.kernels()
        going = [n for n, member in enumerate(members) if not member.stopped]
        if going:
            learners.keep_only(going)
            draws.keep_only(going)
        members = [members[n] for n in going]
        yield from (member.finished() for member in stopped)
        if not going:
            return


def _contests(members: Sequence[_Member]) -> dict[Contest, list[_Member]]:
    found: dict[Contest, list[_Member]] = defaultdict(list)
    for member in members:
        if member.learner.contest is not None:
            found[member.learner.contest].append(member)
    return found


def _prune(contest: Contest, members: Sequence[_Member], rule: StopRule, step: int) -> None:
    """End those whose learning rate can no longer be chosen."""
    by_rate: dict[float, list[_Member]] = defaultdict(list)
    for member in members:
        by_rate[member.learner.learning_rate].append(member)
    standings = {rate: [member.standing for member in of_rate] for rate, of_rate in by_rate.items()}
    for rate in outpaced(standings, contest[1], rule, step):
        for member in by_rate[rate]:
            member.prune()


class _Member:
    """Follows one network: its history, its best weights, when it stops."""

    def __init__(self, learner: Learner, training: Training, validation: list[Batch], on_card: OnCard | None):
        self.learner, self._training, self._validation, self.stopped = learner, training, validation, False
        self._on_card = on_card
        self._stopping = Stopping(training.stop, learner.task.metric)
        self._best = snapshot(learner.network)

    def note(self, step: int, loss: float, norm: float, learners: Learners, network: int) -> None:
        """What a step gave; network: its number among those that are still training."""
        history, rule = self.learner.history, self._training.stop
        history.losses.append(loss)
        history.norms.append(norm)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            history.outcome, self.stopped = "diverged", True
            return
        last, checked = step == self._training.steps, step % rule.check_every == 0
        if not (last or checked or step in self.learner.at_step):
            return
        weights = learners.weights_of(network)
        self.learner.network.load_state_dict(weights)
        if step in self.learner.at_step:
            self.learner.at_step[step]()
        if last or checked:
            self._check(step, weights)
        self.stopped = self.stopped or last

    @property
    def standing(self) -> Standing:
        """What the others of its contest are compared with."""
        history = self.learner.history
        solved_at = history.steps_to_solved if history.outcome == "solved" else None
        return Standing(len(history.losses) if self.stopped else None, solved_at)

    def prune(self) -> None:
        """End here, if it has not ended."""
        if not self.stopped:
            history = self.learner.history
            history.outcome, history.steps_to_solved, self.stopped = "pruned", None, True

    def finished(self) -> Learner:
        """The learner, with its best weights."""
        self.learner.network.load_state_dict(self._best)
        return self.learner

    def _check(self, step: int, weights: Weights) -> None:
        history = self.learner.history
        network = self.learner.network if self._on_card is None else self._on_card.with_weights(weights)
        score = evaluate(network, self.learner.task, self._validation)
        if history.note_check(step, score):
            self._best = weights
        outcome = self._stopping.check(step, score)
        history.steps_to_solved = self._stopping.steps_to_solved
        if outcome is not None:
            history.outcome, self.stopped = outcome, True
