"""A model under diagnosis: what the caller gave, one recorded pass, and what was found out from it so far.

What is found out is a `fact`: a function of the context, answered once. Facts are in the folder of that name; the
context knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from carousel.introspect.diagnosis.observe.hidden_modules import HiddenModule
from carousel.introspect.diagnosis.observe.passes import LossFunction
from carousel.introspect.diagnosis.observe.trace import Trace

R = TypeVar("R")


@dataclass(frozen=True)
class Known:
    """What the caller may add to model, batch and loss; None where they do not.

    optimizer: the torch optimiser of the training; or learning_rate, for plain SGD. clip_norm: the norm gradients are
    clipped to. causal: True where no output may depend on later inputs. lengths: [B]. dependency: how many steps lie
    between what matters and where it is asked for. continues: True where each batch goes on where the last one ended.
    train_step: one step of the training.
    """

    optimizer: torch.optim.Optimizer | None = None
    learning_rate: float | None = None
    clip_norm: float | None = None
    causal: bool | None = None
    lengths: Tensor | None = None
    dependency: int | None = None
    continues: bool | None = None
    train_step: Callable[..., Any] | None = None


@dataclass(eq=False)
class Context:
    """model, batch, loss_fn as given; trace: the recorded pass; hidden: modules that the model holds unregistered;
    generator: of every random number. facts: those found out so far."""

    model: nn.Module
    batch: Any
    loss_fn: LossFunction
    known: Known
    trace: Trace
    hidden: Sequence[HiddenModule] = ()
    generator: torch.Generator = field(default_factory=lambda: torch.Generator().manual_seed(0))
    facts: dict[Callable[[Context], Any], Any] = field(default_factory=dict)


def fact(question: Callable[[Context], R]) -> Callable[[Context], R]:
    """A question about the model, answered once for each context, when it is first asked. One that raises is asked
    again."""

    @wraps(question)
    def answered(context: Context) -> R:
        if question not in context.facts:
            context.facts[question] = question(context)
        answer: R = context.facts[question]
        return answer

    return answered
