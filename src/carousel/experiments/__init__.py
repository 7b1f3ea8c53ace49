"""Compare networks, judge the claims, report: from a request to a run folder and its verdicts."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules={"contenders", "tasks"})
