"""A stack of recurrent layers with a linear readout, and `build`, which makes the network of any contender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Generator, Tensor, nn

from carousel.common.names import TRANSFORMER
from carousel.common.shapes import at_last_step
from carousel.experiments.contenders.base import Network, Readout, torch_default
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import ContenderSpec
from carousel.experiments.contenders.transformer import TransformerNetwork
from carousel.nn.cells import CELLS, Cell
from carousel.nn.initialisation import initialise
from carousel.nn.layers.stack_module import Stack
from carousel.nn.layers.stream import Stream


@final
class RecurrentNetwork(Network):
    """A `Stack` of cells, each fed with the hidden states of the one below, and a linear readout.

    kernel: force one by name, or None to let `choose` decide. `carousel.record` names its layers "l0", "l1", ...
    """

    def __init__(self, cells: list[Cell], outputs: int, readout: Readout, kernel: str | None = None):
        super().__init__()
        self.cells = Stack(cells, kernel)
        self.linear = nn.Linear(cells[-1].hidden_size, outputs)
        self.readout = readout

    @property
    def stack(self) -> list[Cell]:
        """The layers' cells, lowest first."""
        return self.cells.cells

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        output, _ = self.cells(x, lengths=lengths, final_state=False)
        return self.linear(output if self.readout == "every" else at_last_step(output, lengths))

    def stream(self, batch: int = 1) -> Stream:
        """One step at a time, `batch` streams at once: the readout's answer [B, O] after each step."""
        return Stream(self.stack, batch, self.linear)

    @property
    def kernels(self) -> list[str]:
        return [choice.kernel.name for choice in self.cells.choices.values()]

    @property
    def refusals(self) -> Mapping[str, str]:
        return self.cells.choices["l0"].refusals

    def carried(self, length: int) -> int:
        """The state of every layer (h; for an LSTM h and c), whatever the length."""
        return sum(len(cell.state_names) * cell.hidden_size for cell in self.stack)


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
