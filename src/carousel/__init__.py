"""Carousel: which recurrent network, and why?

`carousel.compare("adding", contenders=["rnn", "lstm:chrono"])` trains, judges and reports; `load_run` reads it again,
`load_evidence` its numbers, `load_best` the trained network it advises.
`carousel.SequenceClassifier`, `SequenceRegressor`, `Forecaster` are such networks as scikit-learn's estimators.
`carousel.RNN`, `LSTM`, `GRU` are torch.nn's layers on faster kernels that keep their gates (`carousel.Request`).
`carousel.record(model)` keeps every gate, state and total derivative of any torch model (`Set`, `Clamp` change them).
`carousel.flow` reads from that tape how gradients travel through time: Jacobians, lag profiles, exponents.
`carousel.diagnose(model, batch, loss_fn)` finds what is wrong inside a model, with the evidence and the fix.
`carousel.lab(model, x)` shows the mechanism in a notebook, on a layer of your own.
`carousel.tasks`, `contenders`, `kernels`, `interventions` and `errors` are what these are made of.
Names load on first use: `import carousel` imports neither torch nor tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lazy_loader

if TYPE_CHECKING:
    __version__: str

    from carousel.common import errors as errors
    from carousel.experiments import contenders as contenders
    from carousel.experiments import tasks as tasks
    from carousel.experiments.compare import compare as compare
    from carousel.experiments.conclusion import Conclusion as Conclusion
    from carousel.experiments.conclusion import load_run as load_run
    from carousel.experiments.estimators.forecaster import Forecaster as Forecaster
    from carousel.experiments.estimators.sequences import SequenceClassifier as SequenceClassifier
    from carousel.experiments.estimators.sequences import SequenceRegressor as SequenceRegressor
    from carousel.experiments.results.evidence import Evidence as Evidence
    from carousel.experiments.results.load import load_evidence as load_evidence
    from carousel.experiments.results.rebuild import load_best as load_best
    from carousel.experiments.takeaway.predict import Predictions as Predictions
    from carousel.experiments.takeaway.predict import predict as predict
    from carousel.introspect import flow as flow
    from carousel.introspect import interventions as interventions
    from carousel.introspect.diagnosis import diagnose as diagnose
    from carousel.introspect.record import Clamp as Clamp
    from carousel.introspect.record import Set as Set
    from carousel.introspect.record import record as record
    from carousel.nn import kernels as kernels
    from carousel.nn.kernels import Request as Request
    from carousel.nn.layers import GRU as GRU
    from carousel.nn.layers import LSTM as LSTM
    from carousel.nn.layers import RNN as RNN
    from carousel.nn.population import Population as Population
    from carousel.nn.population import PopulationAdam as PopulationAdam
    from carousel.nn.population import PopulationLinear as PopulationLinear
    from carousel.page.notebook import lab as lab

_load, _, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "common": ["errors"],
        "experiments": ["contenders", "tasks"],
        "experiments.compare": ["compare"],
        "experiments.conclusion": ["Conclusion", "load_run"],
        "experiments.estimators.forecaster": ["Forecaster"],
        "experiments.estimators.sequences": ["SequenceClassifier", "SequenceRegressor"],
        "experiments.results.evidence": ["Evidence"],
        "experiments.results.load": ["load_evidence"],
        "experiments.results.rebuild": ["load_best"],
        "experiments.takeaway.predict": ["Predictions", "predict"],
        "introspect": ["flow", "interventions"],
        "introspect.diagnosis": ["diagnose"],
        "introspect.record": ["Clamp", "Set", "record"],
        "nn": ["kernels"],
        "nn.kernels": ["Request"],
        "nn.layers": ["GRU", "LSTM", "RNN"],
        "nn.population": ["Population", "PopulationAdam", "PopulationLinear"],
        "page.notebook": ["lab"],
    },
)
__all__ += ["__version__"]


def __getattr__(name: str) -> Any:
    """The name, loaded now; `__version__` is read from the installed package."""
    if name == "__version__":
        from carousel.common.version import version

        return version()
    return _load(name)


def __dir__() -> list[str]:
    return sorted(__all__)
