"""A stack of recurrent layers with a linear readout, and `build`, which makes the network of any contender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast, final

from torch import Generator, Tensor, nn

from carousel.common.names import TRANSFORMER
from carousel.common.shapes import at_last_step
from carousel.experiments.contenders.base import Network, Readout, torch_default
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import ContenderSpec
from carousel.experiments.contenders.transformer import TransformerNetwork
from carousel.nn.cells import CELLS, Cell, State
from carousel.nn.initialisation import initialise
from carousel.nn.kernels import Call, Choice, Request, choose

TRAINING_REQUEST = Request(final_state=False)


@final
class RecurrentNetwork(Network):
    """`layers` cells, each fed with the hidden states of the one below, and a linear readout.

    kernel: force one by name, or None to let `choose` decide; `choices` holds what ran at the last call, a layer each.
    """

    def __init__(self, cells: list[Cell], outputs: int, readout: Readout, kernel: str | None = None):
        super().__init__()
        self.cells = nn.ModuleList(cells)
        self.linear = nn.Linear(cells[-1].hidden_size, outputs)
        self.readout, self.kernel = readout, kernel
        self.choices: list[Choice] = []

    @property
    def stack(self) -> list[Cell]:
        """The layers' cells, lowest first."""
        return cast("list[Cell]", list(self.cells))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        self.choices = []
        for cell in self.stack:
            call = Call(x, lengths=lengths)
            choice = choose(cell, call, TRAINING_REQUEST, self.kernel)
            self.choices.append(choice)
            x = choice.kernel.run(cell, call, TRAINING_REQUEST).output
        return self.linear(x if self.readout == "every" else at_last_step(x, lengths))

    @property
    def kernels(self) -> list[str]:
        return [choice.kernel.name for choice in self.choices]

    @property
    def refusals(self) -> Mapping[str, str]:
        return self.choices[0].refusals

    def carried(self, length: int) -> int:
        """The state of every layer (h; for an LSTM h and c), whatever the length."""
        return sum(len(cell.state_names) * cell.hidden_size for cell in self.stack)

    # What `flow` follows: the whole state of the stack as one thing.

    def initial_state(self, batch: int) -> list[State]:
        """The zero state of every layer."""
        return [cell.initial_state(batch) for cell in self.stack]

    def step(self, x_BI: Tensor, states: list[State]) -> list[State]:
        """One step of the whole stack by the cells' own equations."""
        new = []
        for cell, state in zip(self.stack, states, strict=True):
            state, _ = cell.step(cell.project(x_BI), state)
            new.append(state)
            x_BI = state[0]
        return new


def build(
    spec: ContenderSpec,
    size: Size,
    *,
    inputs: int,
    outputs: int,
    readout: Readout,
    length: int,
    generator: Generator,
    kernel: str | None = None,
) -> Network:
    """The network of a contender, initialised from the generator; `length` is the T of its training (chrono is set
    from it, learned positions reach as far)."""
    if spec.cell == TRANSFORMER:
        transformer = TransformerNetwork(inputs, size, outputs, spec.layers, readout, length)
        transformer.initialise(generator)
        return transformer
    widths = [inputs] + [size.hidden] * (spec.layers - 1)
    cells = [CELLS[spec.cell](width, size.hidden) for width in widths]
    for cell in cells:
        initialise(cell, spec.init, generator, length)
    network = RecurrentNetwork(cells, outputs, readout, kernel)
    torch_default(network.linear, generator)
    return network
