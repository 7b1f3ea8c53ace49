"""See inside any torch model: record it, change it, plot it, follow its gradients, diagnose it."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules={"flow", "interventions"})
