"""Which Carousel this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

PACKAGE = "carousel-rnn"


def version() -> str:
    """Such as "0.1.0"; of a source tree that is not installed a text that says so."""
    try:
        return installed(PACKAGE)
    except PackageNotFoundError:
        return f"unknown ({PACKAGE} is not installed)"
