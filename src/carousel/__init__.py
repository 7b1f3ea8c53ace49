"""Carousel: which recurrent network, and why?

`carousel.RNN`, `LSTM`, `GRU` are torch.nn's layers on faster kernels that keep their gates (`carousel.Request`).
`carousel.record(model)` keeps every gate, state and total derivative of any torch model (`Set`, `Clamp` change them).
`carousel.flow` reads from that tape how gradients travel through time: Jacobians, lag profiles, exponents.
`carousel.contenders.attention_maps(network, x)` shows what a Transformer contender looks at.
`carousel.load_evidence(folder)` reads a run, `carousel.load_best(folder)` gives the trained network it advises.
Names load on first use: `import carousel` imports neither torch nor tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from carousel.common import errors as errors
    from carousel.experiments import contenders as contenders
    from carousel.experiments import tasks as tasks
    from carousel.experiments.results.evidence import Evidence as Evidence
    from carousel.experiments.results.load import load_evidence as load_evidence
    from carousel.experiments.results.rebuild import load_best as load_best
    from carousel.introspect import flow as flow
    from carousel.introspect import interventions as interventions
    from carousel.introspect.diagnosis import diagnose as diagnose
    from carousel.introspect.record import Clamp as Clamp
    from carousel.introspect.record import Set as Set
    from carousel.introspect.record import record as record
    from carousel.nn.kernels import Request as Request
    from carousel.nn.layers import GRU as GRU
    from carousel.nn.layers import LSTM as LSTM
    from carousel.nn.layers import RNN as RNN

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "common": ["errors"],
        "experiments": ["contenders", "tasks"],
        "experiments.results.evidence": ["Evidence"],
        "experiments.results.load": ["load_evidence"],
        "experiments.results.rebuild": ["load_best"],
        "introspect": ["flow", "interventions"],
        "introspect.diagnosis": ["diagnose"],
        "introspect.record": ["Clamp", "Set", "record"],
        "nn.kernels": ["Request"],
        "nn.layers": ["GRU", "LSTM", "RNN"],
    },
)
