"""The user's own file becomes a task: read, checked, split, scaled, described, then drawn from.

`prepare(path, options)` gives a `Prepared` (plain arrays and the data card, stored without pickle);
`DataTask(prepared)` trains on it; `prepare_splits` gives one split for tuning and one for each reporting seed.
Names load on first use: only `DataTask` imports torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from carousel.experiments.data.options import DataOptions as DataOptions
    from carousel.experiments.data.prepare.card_text import card_lines as card_lines
    from carousel.experiments.data.prepare.preparation import prepare as prepare
    from carousel.experiments.data.prepare.prepared import Prepared as Prepared
    from carousel.experiments.data.prepare.resplit import Splits as Splits
    from carousel.experiments.data.prepare.resplit import prepare_splits as prepare_splits
    from carousel.experiments.data.prepare.sample_text import drawn_lines as drawn_lines
    from carousel.experiments.data.prepare.sample_text import sample_lines as sample_lines
    from carousel.experiments.data.task.task import DataTask as DataTask

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "prepare.card_text": ["card_lines"],
        "options": ["DataOptions"],
        "prepare.preparation": ["prepare"],
        "prepare.prepared": ["Prepared"],
        "prepare.resplit": ["Splits", "prepare_splits"],
        "prepare.sample_text": ["drawn_lines", "sample_lines"],
        "task.task": ["DataTask"],
    },
)
