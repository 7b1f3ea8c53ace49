"""What a caller may give a recurrent layer, and one line for each mistake."""

from __future__ import annotations

import torch
from torch import Tensor

from carousel.common.errors import BadCall


def check_input(owner: str, x: Tensor, width: int, weight: Tensor, batch_first: bool) -> None:
    """Rank, width, emptiness, type and place of the input [T, B, I]; as in torch a batch may be empty, time may not."""
    axes = "[B, T, I] or [T, I]" if batch_first else "[T, B, I] or [T, I]"
    if not isinstance(x, Tensor):
        raise BadCall(f"{owner}: the input is no tensor", allowed="a tensor or a PackedSequence", got=type(x).__name__)
    if x.dim() not in (2, 3):
        raise BadCall(f"{owner}: the input has {x.dim()} axes", allowed=axes, got=tuple(x.shape))
    if x.shape[-1] != width:
        fix = "build the layer with input_size equal to the last axis, or move that axis to the end"
        raise BadCall(f"{owner}: the input's last axis is not input_size", allowed=width, got=tuple(x.shape), fix=fix)
    if 0 in (x.shape[1 if batch_first and x.dim() == 3 else 0], width):
        raise BadCall(f"{owner}: the input is empty", allowed="at least one step and one channel", got=tuple(x.shape),
                      fix="leave sequences without steps out")  # fmt: skip
    if x.dtype != weight.dtype:
        name = str(weight.dtype).removeprefix("torch.")
        raise BadCall(
            f"{owner}: input and weights differ in type", allowed=weight.dtype, got=x.dtype, fix=f"x.to(torch.{name})"
        )
    if x.device != weight.device:
        raise BadCall(f"{owner}: input and weights are on different devices", allowed=weight.device, got=x.device,
                      fix="move one with .to()")  # fmt: skip


def check_lengths(owner: str, lengths: object, steps: int, batch: int) -> Tensor:
    """[B] whole numbers 1 .. T, in any order; a list will do."""
    found = torch.as_tensor(lengths)
    if not batch and found.shape == (0,):  # an empty list is of no type
        return found.to(torch.int64)
    if found.is_floating_point() or found.is_complex() or found.dtype == torch.bool:
        raise BadCall(f"{owner}: lengths are whole numbers", allowed="a tensor or list of int", got=found.dtype)
    if found.shape != (batch,):
        raise BadCall(f"{owner}: one length a sequence", allowed=(batch,), got=tuple(found.shape))
    if torch.compiler.is_compiling():  # their numbers are not known yet: the kernel checks them
        return found.to(torch.int64)
    if int(found.min()) < 1 or int(found.max()) > steps:
        got = f"{int(found.min())} .. {int(found.max())}"
        raise BadCall(
            f"{owner}: lengths out of range", allowed=f"1 .. {steps} (T)", got=got, fix="leave empty sequences out"
        )
    return found.to(torch.int64)


def check_resets(owner: str, resets: Tensor, shape: tuple[int, ...], batch_first: bool) -> Tensor:
    """bool, [T, B] (or [B, T]); returned as [T, B]."""
    if not isinstance(resets, Tensor) or resets.dtype != torch.bool:
        got = resets.dtype if isinstance(resets, Tensor) else type(resets).__name__
        raise BadCall(f"{owner}: resets are not bool", allowed="torch.bool, True where the state starts anew", got=got,
                      fix="resets.bool()")  # fmt: skip
    if resets.shape != shape:
        raise BadCall(f"{owner}: resets do not fit the input", allowed=shape, got=tuple(resets.shape))
    return resets.T if batch_first and len(shape) == 2 else resets


def check_state(owner: str, name: str, state: Tensor, allowed: tuple[int, ...], weight: Tensor) -> None:
    """[layers * directions, B, H], of the weights' type and place."""
    if not isinstance(state, Tensor) or tuple(state.shape) != allowed:
        got = tuple(state.shape) if isinstance(state, Tensor) else type(state).__name__
        raise BadCall(
            f"{owner}: initial {name} has the wrong shape", allowed=f"{allowed} (layers * directions, B, H)", got=got
        )
    if state.dtype != weight.dtype or state.device != weight.device:
        raise BadCall(f"{owner}: initial {name} does not fit the weights", allowed=f"{weight.dtype} on {weight.device}",
                      got=f"{state.dtype} on {state.device}", fix=f"{name}.to(weight)")  # fmt: skip
