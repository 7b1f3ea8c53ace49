"""Sequences of one step: nothing for a recurrent network to remember. Refused, or dropped and counted aloud."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.parsed import RawSequences

LEAST = 2


def without_short(raw: RawSequences, drop: bool) -> RawSequences:
    """The sequences of two steps or more. BadData for a shorter one unless `drop`, or where none is left."""
    kept = raw.lengths >= LEAST
    short = np.flatnonzero(~kept)
    if not len(short):
        return raw
    if not drop or not kept.any():
        steps = int(raw.lengths[short[0]])
        raise BadData(
            f"{raw.names[short[0]]} has {steps} step{'s' if steps != 1 else ''}",
            allowed=f"{LEAST} steps or more",
            got=f"{len(short)} of {len(raw.lengths)} sequences are so short",
            fix="remove them, or drop them with --drop-short" if kept.any() else "is --group the right column?",
        )
    note: Note = {"key": "dropped", "count": len(short), "of": len(raw.lengths)}
    return replace(
        raw,
        x=raw.x[np.repeat(kept, raw.lengths)],
        lengths=raw.lengths[kept],
        names=[name for name, keep in zip(raw.names, kept, strict=True) if keep],
        labels=raw.labels.filter(kept),
        part=raw.part[kept] if raw.part is not None else None,
        notes=[*raw.notes, note],
    )
