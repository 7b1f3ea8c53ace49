"""Carousel: which recurrent network, and why?

`carousel.RNN`, `LSTM`, `GRU` are torch.nn's layers on faster kernels that keep their gates (`carousel.Request`).
`carousel.record(model)` keeps every gate, state and total derivative of any torch model (`Set`, `Clamp` change them).
`carousel.flow` reads from that tape how gradients travel through time: Jacobians, lag profiles, exponents.
`carousel.models.attention_maps(network, x)` shows what a Transformer contender looks at.
`carousel.load_evidence(folder)` reads a run, `carousel.load_best(folder)` gives the trained network it advises.
Names load on first use: `import carousel` imports neither torch nor tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from carousel import flow as flow
    from carousel import models as models
    from carousel.doctor import diagnose as diagnose
    from carousel.kernels import Request as Request
    from carousel.layers import GRU as GRU
    from carousel.layers import LSTM as LSTM
    from carousel.layers import RNN as RNN
    from carousel.recording import Clamp as Clamp
    from carousel.recording import Set as Set
    from carousel.recording import record as record
    from carousel.study.collect import load_evidence as load_evidence
    from carousel.study.evidence import Evidence as Evidence
    from carousel.study.rebuild import load_best as load_best

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules={"flow", "models"},
    submod_attrs={
        "doctor": ["diagnose"],
        "kernels": ["Request"],
        "layers": ["GRU", "LSTM", "RNN"],
        "recording": ["Clamp", "Set", "record"],
        "study.collect": ["load_evidence"],
        "study.evidence": ["Evidence"],
        "study.rebuild": ["load_best"],
    },
)
