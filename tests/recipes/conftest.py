"""The recipes are scripts that import each other by bare names; one thread, as they run with."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.threads import one_thread

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "recipes"))

__all__ = ["one_thread"]
