"""Carousel: which recurrent network, and why?

`carousel.load_evidence(folder)` reads a run, `carousel.load_best(folder)` gives the trained network it advises.
Names load on first use: `import carousel` imports neither torch nor tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from carousel.study.collect import load_evidence as load_evidence
    from carousel.study.evidence import Evidence as Evidence
    from carousel.study.rebuild import load_best as load_best

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "study.collect": ["load_evidence"],
        "study.evidence": ["Evidence"],
        "study.rebuild": ["load_best"],
    },
)
