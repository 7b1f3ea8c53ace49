"""Piano rolls become a `Prepared`: as they stand, in the file's own parts."""

from __future__ import annotations

import numpy as np

from carousel.experiments.data.arrays import starts_of
from carousel.experiments.data.prepare import card as cards
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.shared import NO_CHANNELS, NONE, told
from carousel.experiments.data.read.parsed import RawRolls


def from_rolls(raw: RawRolls, name: str, sha256: str) -> Prepared:
    """Piano rolls: the next frame from all before it, in the file's own parts; 0 and 1 are not scaled."""
    keys = raw.x.shape[1]
    channels = [f"key {k + 1}" for k in range(keys)]
    card = {
        "kind": "piano-roll",
        "target": None,
        "classes": None,
        "range": None,
        **cards.lengths_card(raw.lengths),
        "channels": {"count": keys, "names": channels, "masks": []},
        "missing": {},
        "scaling": {"how": "none"},
        **cards.split_card("file", raw.part, None),
        "forecast": None,
        "notes": [],
    }
    x, y = raw.x.astype(np.float32), np.zeros((len(raw.lengths), 0), dtype=np.float32)
    places = (starts_of(raw.lengths), raw.lengths - 1, raw.part)  # the last frame is only a target
    moments = (np.zeros(keys), np.ones(keys), NONE, NONE)
    return told(Prepared("piano-roll", name, sha256, x, *places, y, *moments, NO_CHANNELS, card))
