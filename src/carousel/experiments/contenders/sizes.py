"""How large a contender is, as numbers; and the parameters of a Transformer of that size."""

from __future__ import annotations

from typing import NamedTuple


class Size(NamedTuple):
    """hidden: units a layer; of a Transformer the width D that goes from block to block. The rest is a Transformer's
    alone. mlp: width of the MLP inside a block. positions: rows of the table of learned positions; None: rotary."""

    hidden: int
    mlp: int | None = None
    positions: int | None = None

    @property
    def mlp_width(self) -> int:
        """`mlp` of a Transformer, which always has one."""
        assert self.mlp is not None, "a Transformer's size holds the width of its MLP"
        return self.mlp


def count_transformer(size: Size, layers: int, inputs: int, outputs: int) -> int:
    """Trainable parameters of embedding, learned positions, blocks, last LayerNorm and readout."""
    width, mlp = size.hidden, size.mlp_width
    attention = 4 * width * (width + 1)
    block = attention + (width + 1) * mlp + (mlp + 1) * width + 4 * width
    embedding = (inputs + 1 + (size.positions or 0)) * width
    return embedding + layers * block + 2 * width + (width + 1) * outputs
