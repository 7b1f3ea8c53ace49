"""Where torch.compile stops: at a recurrent layer, as at torch.nn's own, and at whatever is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch
from torch._C._dynamo import eval_frame

from carousel.common.errors import KernelRefused

_P = ParamSpec("_P")
_R = TypeVar("_R")
_SKIP = eval_frame._FrameExecStrategy(eval_frame._FrameAction.SKIP, eval_frame._FrameAction.SKIP)


def eager_below(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """The function itself. Where torch.compile traces its caller, it is traced too. Where the compiler gave the caller
    up, as it does at every torch.nn.RNNBase unless told otherwise, it and all that it calls runs as written; else the
    compiler would take the frames below one by one. (torch.compiler.disable would end the first.)"""
    eval_frame.set_code_exec_strategy(function.__code__, _SKIP)
    return function


def outside_graphs(what: str) -> None:
    """Ends the graph that torch.compile traces, which then calls the function around from Python; fullgraph=True is
    refused with `what`. Does nothing where nothing is traced. Raises KernelRefused under torch.export."""
    if torch.compiler.is_compiling():
        if torch.compiler.is_exporting():
            raise KernelRefused(f"{what} has no place in an exported program")
        torch._dynamo.graph_break(msg=f"carousel: {what} runs outside compiled graphs")
