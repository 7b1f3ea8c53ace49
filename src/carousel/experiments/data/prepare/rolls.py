"""Piano rolls become a `Prepared`: unchanged, in the file's own parts."""

from __future__ import annotations

import numpy as np

from carousel.experiments.data.arrays import starts_of
from carousel.experiments.data.card import Card
from carousel.experiments.data.prepare import describe
from carousel.experiments.data.prepare.prepared import WHOLE_FILE, Prepared
from carousel.experiments.data.prepare.scaling import NO_CHANNELS
from carousel.experiments.data.prepare.shared import NONE, with_baseline
from carousel.experiments.data.read.parsed import ParsedRolls


def from_rolls(parsed: ParsedRolls, name: str, sha256: str, whole: bool = False) -> Prepared:
    """Piano rolls: the next frame from all before it, in the file's own parts; 0 and 1 are not scaled. whole: the parts
    together, all there to learn from."""
    keys = parsed.x.shape[1]
    part = np.zeros_like(parsed.part) if whole else parsed.part
    channels = [f"key {k + 1}" for k in range(keys)]
    card: Card = {
        "kind": "piano-roll",
        "target": None,
        "classes": None,
        "range": None,
        **describe.lengths_card(parsed.lengths),
        "channels": {"count": keys, "names": channels, "masks": []},
        "missing": {},
        "scaling": {"how": "none"},
        **describe.split_card(WHOLE_FILE if whole else "file", part, None),
        "forecast": None,
        "notes": [],
    }
    x, y = parsed.x.astype(np.float32), np.zeros((len(parsed.lengths), 0), dtype=np.float32)
    places = (starts_of(parsed.lengths), parsed.lengths - 1, part)  # the last frame is only a target
    moments = (np.zeros(keys), np.ones(keys), NONE, NONE)
    return with_baseline(Prepared("piano-roll", name, sha256, x, *places, y, *moments, NO_CHANNELS, card))
