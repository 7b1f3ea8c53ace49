"""`Population`: P recurrent networks of one shape in one call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from carousel.nn.cells import PARAMETERS, Cell, State
from carousel.nn.kernels import Request, Tape
from carousel.nn.kernels.population import PopulationCall, PopulationRun
from carousel.nn.kernels.population_tapes import OnDemand
from carousel.nn.kernels.together import run_together
from carousel.nn.layers.stack import SUFFIXES
from carousel.nn.layers.stack_module import Stack
from carousel.nn.layers.torch_module import cell_of
from carousel.nn.population.checks import (
    check_networks,
    check_population_input,
    check_population_lengths,
    check_population_resets,
    check_population_state,
)
from carousel.nn.population.stacked import Stacked


class Population(Stacked):
    """P recurrent networks of one shape, each with its own weights: all run in one call, forwards and backwards.

    networks: `carousel.RNN`, `LSTM`, `GRU` (or torch.nn's), of any number of layers and directions, or a Stack of
    cells. Their weights are copied. A network's numbers are those that it has alone, bit for bit on a CPU, whoever runs
    beside it. Raises BadCall for networks of different shapes or cells, and for what a population has not: projections,
    a forced kernel, batch_first, and dropout, whose draws for one network would depend on the others.
    """

    def __init__(self, networks: Sequence[nn.Module]):
        check_networks(networks)
        super().__init__(networks)
        first = networks[0]
        self.hidden_size, self.input_size = int(first.hidden_size), int(first.input_size)  # type: ignore[arg-type]
        self._sites = _sites_of(first)
        self.runs: dict[str, PopulationRun] = {}

    @property
    def kernels(self) -> dict[str, str]:
        """What ran at the last call, by layer and direction."""
        return {site: run.kernel for site, run in self.runs.items()}

    def forward(
        self,
        input: Tensor,
        hx: Any = None,
        *,
        lengths: Any = None,
        resets: Tensor | None = None,
        keep: Request | None = None,
    ) -> tuple[Any, ...]:
        """(output [P, T, B, directions * H], final state), the state h or (h, c), [P, layers * directions, B, H] each;
        with `keep` a third value, for each network its tapes by layer and direction.

        input: [P, T, B, I], or [T, B, I] for all. lengths: [P, B] or [B]; resets: bool, [P, T, B] or [T, B]; hx: h or
        (h, c) as they are returned. Time comes first.
        """
        check_population_input(input, self.networks, self.input_size, next(self.parameters()))
        steps, batch = input.shape[-3:-1]
        lengths = check_population_lengths(lengths, self.networks, steps, batch)
        check_population_resets(resets, self.networks, steps, batch)
        lengths, resets = (None if given is None else given.to(input.device) for given in (lengths, resets))
        request, x = keep or Request(), input
        states, finals, sites = self._states(hx, batch), list[State](), iter(range(sum(map(len, self._sites))))
        self.runs = {}
        for layer, directions in enumerate(self._sites):
            outputs = []
            for suffix, (cell, names) in zip(SUFFIXES, directions, strict=False):
                tensors = {p: self.get_parameter(names[p]) if p in names else None for p in PARAMETERS}
                state = None if states is None else states[next(sites)]
                call = PopulationCall(self.networks, x, state, lengths, resets, None, suffix != "")
                run = self.runs[f"l{layer}{suffix}"] = run_together(cell, tensors, call, request)
                outputs.append(run.output)
                finals += [run.state] if run.state is not None else []
            x = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)
        found = x, _in_form(finals)
        return found if keep is None else (*found, OnDemand(self.networks, partial(_tapes, self.runs)))

    def _states(self, hx: Any, batch: int) -> list[State] | None:
        if hx is None:
            return None
        cell, sites = self._sites[0][0][0], sum(map(len, self._sites))
        shape = (self.networks, sites, batch, self.hidden_size)
        fields = check_population_state(cell.state_names, hx, shape, next(self.parameters()))
        return [cell.state_type(*(field[:, site] for field in fields)) for site in range(sites)]


Site = tuple[type[Cell], dict[str, str]]  # a recurrence, and the names of its parameters in the population


def _sites_of(network: nn.Module) -> list[list[Site]]:
    """By layer and direction."""
    if isinstance(network, Stack):
        return [
            [(type(cell), {name: f"{k}_{name}" for name, _ in cell.named_parameters()})]
            for k, cell in enumerate(network.cells)
        ]
    assert isinstance(network, nn.RNNBase)
    held = {name for name, _ in network.named_parameters()}
    suffixes = SUFFIXES if network.bidirectional else SUFFIXES[:1]
    return [
        [
            (cell_of(network), {p: f"{p}_l{layer}{suffix}" for p in PARAMETERS if f"{p}_l{layer}{suffix}" in held})
            for suffix in suffixes
        ]
        for layer in range(network.num_layers)
    ]


def _tapes(runs: dict[str, PopulationRun], network: int) -> dict[str, Tape]:
    return {site: run.tapes[network] for site, run in runs.items() if run.tapes}


def _in_form(finals: list[State]) -> Any:
    if not finals:
        return None
    fields = [torch.stack(field, dim=1) for field in zip(*finals, strict=True)]
    return fields[0] if len(fields) == 1 else tuple(fields)
