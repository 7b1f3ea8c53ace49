"""The user's own file becomes a task: read, checked, split, scaled, described, then drawn from.

`prepare(path, options)` gives a `Prepared` (plain arrays and the data card, stored without pickle);
`DataTask(prepared)` trains on it; `prepare_splits` gives one split for tuning and one for each reporting seed.
Names load on first use: only `DataTask` imports torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from carousel.data.lines import card_lines as card_lines
    from carousel.data.options import DataOptions as DataOptions
    from carousel.data.preparation import prepare as prepare
    from carousel.data.prepared import Prepared as Prepared
    from carousel.data.splits import Splits as Splits
    from carousel.data.splits import prepare_splits as prepare_splits
    from carousel.data.task import DataTask as DataTask

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "lines": ["card_lines"],
        "options": ["DataOptions"],
        "preparation": ["prepare"],
        "prepared": ["Prepared"],
        "splits": ["Splits", "prepare_splits"],
        "task": ["DataTask"],
    },
)
