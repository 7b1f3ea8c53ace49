"""What stands in the place of a module's forward while it is recorded."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from carousel.common.errors import BadCall
from carousel.introspect.record.mirror import refuse_autocast, runner
from carousel.introspect.record.tape import Track
from carousel.introspect.record.targets import Target
from carousel.nn.kernels import KERNELS, Call, Request
from carousel.nn.layers.base import Recurrent
from carousel.nn.layers.options import Edits

Requests = dict[str, Request]  # by the names of the tracks, as the next two
Tracks = dict[str, Track]


class LayerRecorder:
    """Runs the layers of a torch.nn.RNN, LSTM or GRU by the house's kernels."""

    def __init__(self, target: Target, requests: Requests, edits: Edits, tracks: Tracks):
        sites = dict(zip(target.names, target.sites, strict=True))
        self._runner = runner(target.module)  # type: ignore[arg-type]
        self._name, self._tracks = target.name, {sites[name]: track for name, track in tracks.items()}
        self._keep = {sites[name]: request for name, request in requests.items()}
        self._edit = {sites[name]: edit for name, edit in edits.items()}

    def __call__(self, input: Any, hx: Any = None, **options: Any) -> Any:
        refuse_autocast(self._name, self._runner._weight.device.type)
        if options.pop("keep", None) is not None or options.pop("edit", None) is not None:
            raise BadCall(f"{self._name} is given keep or edit inside record()", fix="leave one of the two out")
        returned = Recurrent.forward(self._runner, input, hx, keep=self._keep, edit=self._edit, **options)
        for site, track in self._tracks.items():
            track.add(self._runner.tapes[site], str(self._runner._last.choices[site]))
        return returned


class CellRecorder:
    """Runs one step of a torch.nn.RNNCell, LSTMCell or GRUCell by the reference kernel: a step alone is no loop."""

    def __init__(self, target: Target, requests: Requests, edits: Edits, tracks: Tracks):
        (name,) = target.names
        self._name, self._module, self._kind = name, target.module, target.cell
        self._track, self._request = tracks.get(name), requests[name]
        self._edit = edits.get(name)
        self._names = tuple(target.cell.shapes(1, 1, bias=True, layer_norm=False))
        self._calls = 0

    def __call__(self, input: Tensor, hx: Any = None) -> Any:
        cell = self._kind.from_tensors({name: getattr(self._module, name) for name in self._names})
        refuse_autocast(self._name, cell.weight_hh.device.type)
        single, states = input.dim() == 1, None if hx is None else [hx] if isinstance(hx, Tensor) else list(hx)
        if input.dim() not in (1, 2) or input.shape[-1] != cell.input_size:
            raise BadCall(
                f"{self._name}: the input does not fit", allowed=f"[B, {cell.input_size}]", got=tuple(input.shape)
            )
        x = input.unsqueeze(0) if single else input
        state = None if states is None else cell.state_type(*(s.unsqueeze(0) if single else s for s in states))
        call = Call(x.unsqueeze(0), state, edit=self._edit_of_call())
        keeps = self._track is not None and self._calls % self._request.every == 0
        run = KERNELS["reference"].run(cell, call, self._request if keeps else Request())
        self._calls += 1
        if self._track is not None and run.tape is not None:
            self._track.add(run.tape, "reference; a *Cell module is one step at a time")
        assert run.state is not None
        new = [s.squeeze(0) if single else s for s in run.state]
        return tuple(new) if len(new) > 1 else new[0]

    def _edit_of_call(self) -> Any:
        """The interventions of this call: of a *Cell, steps are calls."""
        edit, number = self._edit, self._calls
        return None if edit is None else lambda _, name, value: edit(number, name, value)
