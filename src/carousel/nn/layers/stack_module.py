"""`Stack`: cells one above the other as a module, for recurrences that torch has no layer for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Unpack, cast

import torch
from torch import Tensor, nn

from carousel.common.errors import BadCall
from carousel.nn.cells import Cell
from carousel.nn.kernels import Choice, Request
from carousel.nn.layers.checks import check_input, check_state
from carousel.nn.layers.eager_below import eager_below, outside_graphs
from carousel.nn.layers.stack import Interventions, Requests, joined, run_stack
from carousel.nn.layers.torch_module import LayerRun, Options

OUTPUT_ALONE = Request(final_state=False)


class StackOptions(Options, total=False):
    """How a Stack is run: see `run`."""

    final_state: bool


class Stack(nn.ModuleList):
    """Cells of one kind and size, each fed with the hidden states of the one below. Called as torch.nn.LSTM is, time
    first: (output [T, B, H], final state), h or (h, c), each [layers, B, H]; parameters are "0.weight_ih", ...

    kernel: force one by name, None lets `choose` decide. choices: what ran at the last call, by layer ("l0", ...).
    Raises BadCall for cells that do not fit each other.
    """

    batch_first, bidirectional, proj_size = False, False, 0

    def __init__(self, cells: Iterable[Cell], kernel: str | None = None):
        super().__init__(cells)
        self.kernel = kernel
        self.choices: dict[str, Choice] = {}
        if len({(type(cell), cell.hidden_size) for cell in self.cells}) != 1:
            raise BadCall("a Stack is of cells of one kind and size", allowed="one cell or more", got=list(self.cells))

    @property
    def cells(self) -> list[Cell]:
        """Lowest first."""
        return cast("list[Cell]", list(self))

    @property
    def num_layers(self) -> int:
        """How many cells."""
        return len(self)

    @property
    def input_size(self) -> int:
        """I, of the lowest cell."""
        return self.cells[0].input_size

    @property
    def hidden_size(self) -> int:
        """H, of every cell."""
        return self.cells[0].hidden_size

    @property
    def bias(self) -> bool:
        """Whether the cells have biases."""
        return self.cells[0].bias_ih is not None

    def forward(self, input: Tensor, hx: Any = None, **options: Unpack[StackOptions]) -> tuple[Any, ...]:
        """(output, final state), with `keep` (output, final state, tapes)."""
        run = self.run(input, hx, **options)
        return run[:2] if options.get("keep") is None else run[:3]

    @eager_below
    def run(
        self,
        input: Tensor,
        hx: Any = None,
        *,
        lengths: Tensor | None = None,
        resets: Tensor | None = None,
        keep: Requests | None = None,
        interventions: Interventions | None = None,
        final_state: bool = True,
    ) -> LayerRun:
        """`forward` with everything it gives: output, final state, tapes, and the choices of kernels. The options are
        those of `carousel.LSTM`. final_state: False where it is not needed, which lets torch's operators run unequal
        lengths; it is () then."""
        if keep is not None or interventions:
            outside_graphs("a Stack with keep or interventions")
        cells = self.cells
        check_input("Stack", input, cells[0].input_size, cells[0].weight_ih, False)
        requests = Request() if keep is None else keep
        if not final_state:
            requests = OUTPUT_ALONE if keep is None else _without_final(keep)
        run = run_stack([(cell,) for cell in cells], input, self._states(hx), lengths, resets, requests,
                        interventions or {}, kernel=self.kernel)  # fmt: skip
        if not torch.compiler.is_exporting():  # which warns of what a module keeps
            self.choices = run.choices
        states = joined(run.finals)
        final = states[0] if states is not None and len(states) == 1 else tuple(states or ())
        return LayerRun(run.output, final, run.tapes, run.choices)

    def _states(self, hx: Any) -> Any:
        """The initial state of each layer from h, or (h, c), each [layers, B, H]; checked."""
        if hx is None:
            return None
        cells = self.cells
        fields, kind = [hx] if isinstance(hx, Tensor) else list(hx), cells[0].state_type
        if len(fields) != len(cells[0].state_names):
            raise BadCall("Stack: the initial state is not complete", allowed=cells[0].state_names, got=len(fields))
        for name, field in zip(cells[0].state_names, fields, strict=True):
            check_state("Stack", name, field, (len(cells), *field.shape[1:-1], self.hidden_size), cells[0].weight_ih)
        return [kind(*(field[layer] for field in fields)) for layer in range(len(cells))]


def _without_final(keep: Requests) -> Requests:
    if isinstance(keep, Request):
        return replace(keep, final_state=False)
    return {site: replace(request, final_state=False) for site, request in keep.items()}
