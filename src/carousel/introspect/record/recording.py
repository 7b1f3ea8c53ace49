"""`record`: run a model with Carousel's kernels in the place of its recurrent modules, and keep what happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import nn

from carousel.introspect.interventions import Intervention
from carousel.introspect.record.recorders import CellRecorder, LayerRecorder
from carousel.introspect.record.selection import Selection
from carousel.introspect.record.tape import ModelTape
from carousel.introspect.record.targets import targets


@contextmanager
def record(
    model: nn.Module,
    names: str | Iterable[str] | None = None,
    *,
    every: int = 1,
    gradients: bool = True,
    interventions: Intervention | Sequence[Intervention] = (),
) -> Iterator[ModelTape]:
    """Inside the `with` block every recurrent module of the model records itself: torch.nn.RNN, LSTM, GRU, their *Cell
    modules, Carousel's layers, and the cells of a contender, at any depth. The recorded run is the run that makes the
    loss: outputs and gradients are those of the model without recording. Afterwards the model is as it was, also where
    the block raises.

    names: what to keep, by place ("encoder.rnn.l0"), by gate or state ("encoder.rnn.l0.f"), or by pattern ("*.l0",
    "*.f"). every: keep the steps 0, every, 2 every, ... gradients: total derivatives after `backward()`.
    interventions: `Set` and `Clamp`, which run their layers by the reference kernel.

    Memory, in numbers a step and sequence: an Elman layer H, a GRU 5 H, an LSTM 6 H, which the backward pass needs
    anyway, and H more for derivatives (LSTM 2 H), until the tape is gone. With `names` or `every` a copy of what was
    asked for, once for values and once for derivatives, and the run's own memory is given back with its graph.

    Raises BadCall for a model that has nothing to record, is TorchScript or compiled; UnknownName for a name.
    """
    found, skipped = targets(model)
    given = [interventions] if isinstance(interventions, Intervention) else list(interventions)
    selection = Selection(found, names, every, gradients, given)
    tape = ModelTape(skipped)
    with ExitStack() as undo:
        for target in found:
            requests, changed = selection.requests(target), selection.interventions(target)
            tracks = {name: tape.add(name, target.what) for name, request in requests.items() if request.records}
            if tracks or changed:
                recorder = LayerRecorder if target.sites else CellRecorder
                undo.enter_context(in_place_of(target.module, recorder(target, requests, changed, tracks)))
        yield tape


@contextmanager
def in_place_of(module: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Another forward in the place of the module's, while the block runs."""
    own = module.__dict__.get("forward")
    module.__dict__["forward"] = forward
    try:
        yield
    finally:
        if own is None:
            del module.__dict__["forward"]
        else:
            module.__dict__["forward"] = own
