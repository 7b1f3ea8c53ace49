"""`record`: run a model with Carousel's kernels in the place of its recurrent modules, and keep what happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from torch import nn

from carousel.common.errors import BadCall
from carousel.introspect.interventions import Intervention
from carousel.introspect.record.in_place import in_place_of, is_replaced
from carousel.introspect.record.recorders import CellRecorder, LayerRecorder
from carousel.introspect.record.selection import Selection
from carousel.introspect.record.tape import ModelTape
from carousel.introspect.record.targets import Target, targets


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

    A block is its thread's alone: several threads may record one model, each its own runs, and what runs in a thread
    without a block is not recorded. On one thread a module is recorded by one block at a time.

    Raises BadCall for a model that has nothing to record, is TorchScript, compiled or being recorded by this thread;
    UnknownName for a name.
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
                _refuse_second(target)
                recorder = LayerRecorder if target.sites else CellRecorder
                undo.enter_context(in_place_of(target.module, recorder(target, requests, changed, tracks)))
        yield tape


def _refuse_second(target: Target) -> None:
    """Two blocks would both stand in for the module's forward, and one run has one recording."""
    if is_replaced(target.module):
        raise BadCall(f"{target.name or 'the model'} is being recorded already by this thread",
                      fix="leave the inner record() out: the outer tape has its runs")  # fmt: skip
