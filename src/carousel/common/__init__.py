"""What every part shares: errors, files, names, shapes, texts, pages."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules={"errors"})
