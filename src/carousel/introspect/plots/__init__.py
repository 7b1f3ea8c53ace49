"""Figures of a tape: `tape.plot.raster("rnn.l0", "f")`. One file a figure, each a pure function of plain arrays."""

from __future__ import annotations

from carousel.introspect.plots.plots import Plots

__all__ = ["Plots"]
