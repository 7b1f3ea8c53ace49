"""One step of the user's own training, watched: the order of backward passes, steps, and changes of the gradients."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.lr_probe import is_warming_up
from carousel.introspect.diagnosis.observe.perturbation import as_refusal
from carousel.introspect.diagnosis.observe.places import Place, calling_place
from carousel.introspect.diagnosis.observe.snapshot import detach_states, snapshot

CALLS = 3
_NAMES = {
    "model": ("model", "net", "network", "module", "m"), "batch": ("batch", "data", "b"),
    "loss_fn": ("loss_fn", "criterion", "loss", "loss_function"), "optimizer": ("optimizer", "optimiser", "opt",
    "optim"), }  # fmt: skip
_BY_COUNT = ((), ("batch",), ("model", "batch"), ("model", "batch", "optimizer"),
             ("model", "batch", "loss_fn", "optimizer"))  # fmt: skip


class Event(NamedTuple):
    """kind: "backward", "step", "changed" (a gradient written to outside both), "end" of a call. gradient: whether any
    gradient is not 0 as it begins; norm: of all together. used: whether that has been stepped on already. place: in the
    user's code."""

    kind: str
    gradient: bool
    norm: float
    used: bool
    place: Place | None = None


class Training(NamedTuple):
    """Some calls of train_step. moved: by how much of their own norm they moved the parameters that learn.
    warming: whether an optimiser's rate is still far below that it was made with."""

    events: list[Event]
    moved: float
    warming: bool


@fact
def training(context: Context) -> Training:
    """Three calls of `train_step`. Model, optimiser and random numbers are put back. Raises Refused."""
    train_step, model = context.known.train_step, context.model
    assert train_step is not None
    with snapshot(model, context.loss_fn), snapshot(model, train_step), _kept(context.known.optimizer):
        detach_states(model, context.loss_fn)
        model.zero_grad(set_to_none=True)
        watching, before = _Steps(model), [(p, p.detach().clone()) for p in model.parameters() if p.requires_grad]
        with _hooked(watching), watching, as_refusal():
            for _ in range(CALLS):
                _call(train_step, context)
                watching.note("end")
        return Training(watching.events, _moved(before), watching.warming)


def _moved(before: list[tuple[nn.Parameter, Tensor]]) -> float:
    own = torch.stack([old.norm() for _, old in before]).norm()
    return float(torch.stack([(p.detach() - old).norm() for p, old in before]).norm() / own.clamp(min=1e-12))


def _call(train_step: Callable[..., Any], context: Context) -> Any:
    """With as many arguments as it takes, by their names where it uses the usual ones."""
    has = {"model": context.model, "batch": context.batch, "loss_fn": context.loss_fn,
           "optimizer": context.known.optimizer}  # fmt: skip
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    taken = [
        p.name for p in inspect.signature(train_step).parameters.values()
        if p.kind in kinds and p.default is inspect.Parameter.empty
    ]  # fmt: skip
    known = [next((key for key, names in _NAMES.items() if name in names), None) for name in taken]
    keys = known if None not in known else list(_BY_COUNT[min(len(taken), len(_BY_COUNT) - 1)])
    return train_step(*(has[key] for key in keys if key is not None))


class _Steps(TorchFunctionMode):
    def __init__(self, model: nn.Module):
        super().__init__()
        self._parameters = list(model.parameters())
        self.events: list[Event] = []
        self._stepping, self._used, self.warming = False, False, False

    def note(self, kind: str, place: Place | None = None) -> None:
        """An event, with the gradients as they are."""
        grads = [p.grad for p in self._parameters if p.grad is not None]
        there = any(bool((g != 0).any()) for g in grads)
        norm = float(torch.stack([g.norm() for g in grads]).norm()) if grads else 0.0
        self._used = self._used and there
        self.events.append(Event(kind, there, norm, self._used, place))

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """As torch asks for."""
        name = getattr(func, "__name__", "")
        if name == "backward":
            self.note("backward", calling_place())
            self._used = False
        elif _writes(name) and not self._stepping and self._is_of_gradients(args):
            self.note("changed", calling_place())
        return func(*args, **(kwargs or {}))

    def before(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        """optimizer.step() begins."""
        self.note("step", calling_place())
        self._stepping = True
        self.warming |= is_warming_up(optimizer)

    def after(self, *_: Any) -> None:
        """optimizer.step() is over."""
        self._stepping, self._used = False, True

    def _is_of_gradients(self, args: Any) -> bool:
        own = {id(p.grad) for p in self._parameters if p.grad is not None}
        first = args[0] if args else ()
        return any(id(t) in own for t in (first if isinstance(first, list | tuple) else [first]))


def _writes(name: str) -> bool:
    """Whether an operation of this name changes numbers in place; setting them to 0 is no change that counts here."""
    return name.endswith("_") and not name.endswith("__") and "zero" not in name and "requires_grad" not in name


@contextmanager
def _hooked(watching: _Steps) -> Iterator[None]:
    handles = [register_optimizer_step_pre_hook(watching.before), register_optimizer_step_post_hook(watching.after)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _kept(optimizer: torch.optim.Optimizer | None) -> Iterator[None]:
    """The optimiser's history and settings are afterwards what they were."""
    if optimizer is None:
        yield
        return
    state: dict[Tensor, Any] = {p: copy.deepcopy(history) for p, history in optimizer.state.items()}
    settings = [{key: value for key, value in group.items() if key != "params"} for group in optimizer.param_groups]
    try:
        yield
    finally:
        optimizer.state.clear()
        optimizer.state.update(state)
        for group, own in zip(optimizer.param_groups, settings, strict=False):
            group.update(own)
