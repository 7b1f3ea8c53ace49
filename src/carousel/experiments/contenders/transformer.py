"""A causal Transformer as a contender: same inputs, readouts and parameters, no recurrent state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, cast, final

from torch import Generator, Tensor, nn
from torch.nn.functional import gelu

from carousel.common.shapes import at_last_step, valid_steps
from carousel.experiments.contenders.attention import CausalSelfAttention
from carousel.experiments.contenders.base import Network, Readout, torch_default
from carousel.experiments.contenders.positions import LearnedPositions
from carousel.experiments.contenders.sizes import Size


@final
class Block(nn.Module):
    """z + attention(LN z), then z + MLP(LN z) (pre-norm, Xiong et al. 2020), the MLP with one GELU layer."""

    def __init__(self, width: int, mlp: int, rotary: bool):
        super().__init__()
        self.attention_norm, self.attention = nn.LayerNorm(width), CausalSelfAttention(width, rotary)
        self.mlp_norm, self.widen, self.narrow = nn.LayerNorm(width), nn.Linear(width, mlp), nn.Linear(mlp, width)

    def forward(self, z: Tensor) -> Tensor:
        """z: [B, T, D]."""
        z = z + self.attention(self.attention_norm(z))
        return z + self.narrow(gelu(self.widen(self.mlp_norm(z))))


@final
class TransformerNetwork(Network):
    """A linear embedding, `layers` blocks, a last LayerNorm and a linear readout. No dropout.

    Positions are rotary, or a learned table where the size holds one. `length`: T of the training sequences; with
    rotary positions longer ones run, with learned ones they are refused (BadCall).
    """

    flow_refused: ClassVar[str | None] = (
        "no recurrent state: each step reads all earlier ones directly, so no product of Jacobians leads back in time"
    )

    def __init__(self, inputs: int, size: Size, outputs: int, layers: int, readout: Readout, length: int):
        super().__init__()
        width, mlp, rows = size.hidden, size.mlp_width, size.positions
        self.embedding = nn.Linear(inputs, width)
        self.positions = None if rows is None else LearnedPositions(rows, width, length)
        self.blocks = nn.ModuleList(Block(width, mlp, rotary=rows is None) for _ in range(layers))
        self.norm, self.linear = nn.LayerNorm(width), nn.Linear(width, outputs)
        self.readout = readout

    @property
    def stack(self) -> list[Block]:
        """The blocks, lowest first."""
        return cast("list[Block]", list(self.blocks))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        z = self.embed(x, lengths)
        for block in self.stack:
            z = block(z)
        z_TBD = z.transpose(0, 1)
        return self.linear(self.norm(z_TBD if self.readout == "every" else at_last_step(z_TBD, lengths)))

    def embed(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[B, T, D]: what the first block gets. No true step looks at padding, which follows it; but a weight of 0
        times NaN is NaN, so padded steps are cleared."""
        if lengths is not None:
            x = x.masked_fill(~valid_steps(lengths, len(x)).unsqueeze(-1), 0.0)
        z = self.embedding(x).transpose(0, 1)
        return z if self.positions is None else z + self.positions(len(x))

    @property
    def kernels(self) -> list[str]:
        return ["sdpa"] * len(self.blocks)

    @property
    def refusals(self) -> Mapping[str, str]:
        return {}

    @property
    def longest(self) -> int | None:
        return None if self.positions is None else self.positions.trained

    def carried(self, length: int) -> int:
        """The keys and values of every step so far, in every layer."""
        return 2 * self.linear.in_features * len(self.blocks) * length

    def initialise(self, generator: Generator) -> None:
        """torch's default for linear layers and LayerNorm; learned positions N(0, .02^2)."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                torch_default(module, generator)
            elif isinstance(module, LearnedPositions):
                module.initialise(generator)
