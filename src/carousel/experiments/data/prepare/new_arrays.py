"""New sequences of a file that is no table, as the network wants them: its channels, gaps only where there were."""

from __future__ import annotations

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import starts_of
from carousel.experiments.data.card import Card
from carousel.experiments.data.prepare.trained_channels import masked, unmasked
from carousel.experiments.data.read.unanswered import Unanswered


def refuse_others(given: Unanswered, card: Card) -> None:
    """Raises BadData where the channels are not those of training, or one has a gap that never had one."""
    known = unmasked(card)
    if list(given.channels) != known:
        raise BadData("the sequences do not have the channels of training", allowed=_counted(known),
                      got=_counted(list(given.channels)), fix="give the same, in the same order")  # fmt: skip
    for place, name in enumerate(known):
        gaps = np.flatnonzero(np.isnan(given.x[:, place]))
        if len(gaps) and name not in masked(card):
            starts = starts_of(given.lengths)
            sequence = int(np.searchsorted(starts, gaps[0], side="right")) - 1
            step = int(gaps[0] - starts[sequence])
            raise BadData(
                f"channel {name!r} misses a value at step {step} of {given.named} {given.names[sequence]!r}, and never "
                "missed one in training",
                got=f"{len(gaps)} steps without one",
                fix="fill it in, or compare again on a file with such gaps",
            )


def _counted(names: list[str]) -> str:
    return f"{len(names)}: {', '.join(names[:5])}" + (", ..." if len(names) > 5 else "")
