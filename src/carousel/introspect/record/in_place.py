"""`in_place_of`: another forward in the place of a module's, for the thread that asks for it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import Any

from torch import nn

from carousel.nn.layers.eager_below import eager_below, outside_graphs

_LOCK = Lock()  # of who stands in for whom: held while a block begins or ends, never while a module runs


class _ByThread:
    """A module's forward while some thread has another one in its place; to every other thread the module's own.

    own: the module's forward. held: what stood in its __dict__.
    """

    def __init__(self, module: nn.Module):
        self.own, self.held = module.forward, module.__dict__.get("forward")
        self.stands_in: dict[int, list[Callable[..., Any]]] = {}  # by thread, the last one runs

    @eager_below
    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        outside_graphs("a module that is recorded")
        return self.of_this_thread()(*inputs, **keywords)

    def of_this_thread(self) -> Callable[..., Any]:
        """What runs when this thread calls the module."""
        mine = self.stands_in.get(get_ident())
        return mine[-1] if mine else self.own


@contextmanager
def in_place_of(module: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Another forward in the place of the module's, while the block runs and for its thread alone."""
    thread = get_ident()
    with _LOCK:
        shared = _shared(module) or _ByThread(module)
        module.__dict__["forward"] = shared
        shared.stands_in[thread] = [*shared.stands_in.get(thread, ()), forward]
    try:
        yield
    finally:
        with _LOCK:
            shared.stands_in[thread] = [each for each in shared.stands_in[thread] if each is not forward]
            if not any(shared.stands_in.values()):
                del module.__dict__["forward"]
                if shared.held is not None:
                    module.__dict__["forward"] = shared.held


def forward_of(module: nn.Module) -> Callable[..., Any]:
    """What runs when this thread calls the module."""
    shared = _shared(module)
    return module.forward if shared is None else shared.of_this_thread()


def is_replaced(module: nn.Module) -> bool:
    """Whether this thread has another forward in its place."""
    shared = _shared(module)
    return shared is not None and bool(shared.stands_in.get(get_ident()))


def has_own_forward(module: nn.Module) -> bool:
    """Whether a forward was set on the module itself, but for what stands in for a while."""
    shared = _shared(module)
    return "forward" in module.__dict__ if shared is None else shared.held is not None


def _shared(module: nn.Module) -> _ByThread | None:
    found = module.__dict__.get("forward")
    return found if isinstance(found, _ByThread) else None
