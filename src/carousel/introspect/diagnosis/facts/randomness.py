"""Random numbers that a model draws in evaluation mode: whether its answers differ by them, and what draws them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.operations import RECURRENT, noted
from carousel.introspect.diagnosis.observe.operations import Operation, OperationLog
from carousel.introspect.diagnosis.observe.perturbation import as_refusal
from carousel.introspect.diagnosis.observe.snapshot import detach_states, draw_anew, snapshot

DROPOUT = (
    "dropout",
    "alpha_dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
    "feature_dropout",
)
DRAWS = ("randn", "rand", "randn_like", "rand_like", "normal", "uniform", "bernoulli", "randint", "exponential")
SAMPLES = ("multinomial", "gumbel_softmax", "poisson")
_COMPARED = ("lt", "gt", "le", "ge")
_SEEDS = (1, 2)


class Randomness(NamedTuple):
    """form: "dropout", "state" (random initial state), "noise", "sampling" (scaled by what the network answers: meant),
    or "unknown". operation: what draws. first, second: the loss twice."""

    form: str
    operation: Operation | None
    first: float
    second: float


@fact
def randomness(context: Context) -> Randomness | None:
    """None where two evaluations from the same states agree. Raises Refused."""
    logs = [_evaluated(context, seed) for seed in _SEEDS]
    first, second = (float(log.loss.detach()) for log in logs)
    if first == second or first != first:
        return None
    inside = [o for o in logs[0] if o.inside or not context.trace.model_calls]
    for operation in inside:
        if operation.name in DROPOUT and _is_on(operation):
            return Randomness("dropout", operation, first, second)
    drawn = [o for o in inside if o.name in (*DRAWS, *SAMPLES) and o.outputs]
    if not drawn:
        return Randomness("unknown", None, first, second) if _moves(logs) else None
    for operation in drawn:
        if _is_state(inside, operation):
            return Randomness("state", operation, first, second)
    noise = [o for o in drawn if o.name in DRAWS and not _is_scaled(inside, o)]
    return Randomness("noise" if noise else "sampling", (noise or drawn)[0], first, second)


def _moves(logs: list[OperationLog]) -> bool:
    """Whether what the model gives differs, rather than what the loss draws itself."""
    last = [[o for o in log if o.inside][-1:] for log in logs]
    pairs = zip(*([t for o in ends for t in o.outputs] for ends in last), strict=False)
    return any(a.shape != b.shape or not torch.equal(a, b) for a, b in pairs)


def _evaluated(context: Context, seed: int) -> OperationLog:
    log = OperationLog()
    with snapshot(context.model, context.loss_fn), noted(context.model, log) as watching:
        detach_states(context.model, context.loss_fn)
        context.model.eval()
        draw_anew(seed)
        with watching, as_refusal():
            log.loss = context.loss_fn(context.model, context.batch)
    return log


def _is_on(operation: Operation) -> bool:
    p = operation.keywords.get("p", operation.given[1] if len(operation.given) > 1 else 0.5)
    training = operation.keywords.get("training", operation.given[2] if len(operation.given) > 2 else True)
    return bool(training) and float(p) > 0


def _is_state(operations: list[Operation], drawn: Operation) -> bool:
    """Whether a recurrent module begins with it: as given, moved, or scaled by a number."""
    made = {id(t) for t in drawn.outputs}
    for operation in operations:
        if operation.name in RECURRENT and any(id(t) in made for t in operation.inputs[1:3]):
            return True
        if (operation.is_move or _is_by_number(operation)) and any(id(t) in made for t in operation.inputs):
            made |= {id(t) for t in operation.outputs}
    return False


def _is_by_number(operation: Operation) -> bool:
    return operation.name in ("mul", "rmul", "div", "truediv", "to", "tanh") and len(operation.inputs) == 1


def _is_scaled(operations: list[Operation], drawn: Operation) -> bool:
    """Whether it is multiplied, or compared, with what depends on the parameters: a sample, not noise. A mask of zeros
    and ones for every feature is dropout, written by hand."""
    made, is_mask = {id(t) for t in drawn.outputs}, drawn.name == "bernoulli"
    for operation in operations:
        mine = [t for t in operation.inputs if id(t) in made]
        others: list[Tensor] = [t for t in operation.inputs if id(t) not in made]
        is_mask |= bool(mine) and not others and operation.name in _COMPARED
        if mine and any(t.requires_grad for t in (*mine, *others)):
            if is_mask and operation.name in ("mul", "rmul", "imul") and _is_of_features(mine[0], others):
                return False
            return operation.name not in ("add", "sub", "cat", "radd", "rsub", "iadd")
        if mine:
            made |= {id(t) for t in operation.outputs}
    return False


def _is_of_features(mask: Tensor, others: list[Tensor]) -> bool:
    """Whether it is as large as what it is multiplied with, and no coin for each sample."""
    return len(others) == 1 and mask.shape == others[0].shape and mask.dim() > 1 and mask.shape[-1] > 1
