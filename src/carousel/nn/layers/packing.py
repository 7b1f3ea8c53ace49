"""A padded batch in the order of a PackedSequence."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import dropout
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


def packed_like(packed: PackedSequence, x: Tensor) -> PackedSequence:
    """x [T, B, .] in the caller's order, packed as `packed` is."""
    sizes = packed.batch_sizes
    lengths = (sizes.unsqueeze(1) > torch.arange(int(sizes[0]))).sum(0)  # of the sorted batch
    if packed.sorted_indices is not None:
        x = x.index_select(1, packed.sorted_indices)
    return PackedSequence(pack_padded_sequence(x, lengths).data, *packed[1:])


def dropout_between(x: Tensor, p: float, training: bool, packed: PackedSequence | None) -> Tensor:
    """Dropout between layers. Of a packed batch torch draws for true steps only, in its order: so do we, from one seed
    the same numbers."""
    if packed is None or not (training and p):
        return dropout(x, p, training)
    rows = packed_like(packed, x)
    return pad_packed_sequence(rows._replace(data=dropout(rows.data, p)))[0]
