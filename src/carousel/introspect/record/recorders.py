"""What replaces a module's forward while it is recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from carousel.common.errors import BadCall
from carousel.introspect.record.targets import Target
from carousel.introspect.record.track import Track
from carousel.nn.kernels import KERNELS, Call, Request
from carousel.nn.layers.base import Recurrent
from carousel.nn.layers.stack import Interventions
from carousel.nn.layers.stack_module import Stack
from carousel.nn.layers.torch_module import LayerRun, run_module

Requests = dict[str, Request]  # by the names of the tracks, as the next two
Tracks = dict[str, Track]


class LayerRecorder:
    """Runs the layers of a torch.nn.RNN, LSTM or GRU, or of a contender's Stack, by Carousel's kernels."""

    def __init__(self, target: Target, requests: Requests, interventions: Interventions, tracks: Tracks):
        sites = dict(zip(target.names, target.sites, strict=True))
        self._run, self._device = _runner(target.module), next(target.module.parameters()).device.type
        self._name, self._tracks = target.name, {sites[name]: track for name, track in tracks.items()}
        self._keep = {sites[name]: request for name, request in requests.items()}
        self._interventions = {sites[name]: intervene for name, intervene in interventions.items()}

    def __call__(self, input: Any, hx: Any = None, **options: Any) -> Any:
        _refuse_autocast(self._name, self._device)
        if options.pop("keep", None) is not None or options.pop("interventions", None) is not None:
            raise BadCall(f"{self._name} is given keep or interventions inside record()",
                          fix="leave one of the two out")  # fmt: skip
        run = self._run(input, hx, keep=self._keep, interventions=self._interventions, **options)
        for site, track in self._tracks.items():
            track.add(run.tapes[site], str(run.choices[site]))
        return run.output, run.state


def _runner(module: Any) -> Callable[..., LayerRun]:
    """What runs in its place: its own `run`, or of torch's modules Carousel's."""
    return module.run if isinstance(module, Recurrent | Stack) else partial(run_module, module)


def _refuse_autocast(name: str, device: str) -> None:
    """Under autocast torch's modules compute in another type than Carousel's kernels would."""
    if torch.is_autocast_enabled(device):
        raise BadCall(
            f"{name} runs under torch.autocast, which would record other numbers than it computes",
            fix="record outside autocast",
        )


class CellRecorder:
    """Runs one step of a torch.nn.RNNCell, LSTMCell or GRUCell by the reference kernel: a step alone is no loop."""

    def __init__(self, target: Target, requests: Requests, interventions: Interventions, tracks: Tracks):
        (name,) = target.names
        self._name, self._module, self._kind = name, target.module, target.cell
        self._track, self._request = tracks.get(name), requests[name]
        self._interventions = interventions.get(name)
        self._names = tuple(target.cell.shapes(1, 1, bias=True, layer_norm=False))
        self._calls = 0

    def __call__(self, input: Tensor, hx: Any = None) -> Any:
        cell = self._kind.from_tensors({name: getattr(self._module, name) for name in self._names})
        _refuse_autocast(self._name, cell.weight_hh.device.type)
        single, states = input.dim() == 1, None if hx is None else [hx] if isinstance(hx, Tensor) else list(hx)
        if input.dim() not in (1, 2) or input.shape[-1] != cell.input_size:
            raise BadCall(
                f"{self._name}: the input does not fit", allowed=f"[B, {cell.input_size}]", got=tuple(input.shape)
            )
        x = input.unsqueeze(0) if single else input
        state = None if states is None else cell.state_type(*(s.unsqueeze(0) if single else s for s in states))
        call = Call(x.unsqueeze(0), state, intervene=self._of_this_call())
        keeps = self._track is not None and self._calls % self._request.every == 0
        run = KERNELS["reference"].run(cell, call, self._request if keeps else Request())
        self._calls += 1
        if self._track is not None and run.tape is not None:
            self._track.add(run.tape, "reference; a *Cell module is one step at a time")
        assert run.state is not None
        new = [s.squeeze(0) if single else s for s in run.state]
        return tuple(new) if len(new) > 1 else new[0]

    def _of_this_call(self) -> Any:
        """The interventions of this call: of a *Cell, steps are calls."""
        intervene, number = self._interventions, self._calls
        return None if intervene is None else lambda _, name, value: intervene(number, name, value)
