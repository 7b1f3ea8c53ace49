"""How gradients travel through time: lag profiles, Jacobians, exponents, time scales. Float64, renormalised, in logs.

Of a recorded layer (`carousel.record`): `jacobian`, `lag_profile`, `singular_values`, `lyapunov`, `cell_path`,
`time_scales`, `effective_weights`, `bounds`; of a profile: `slope`, `horizon`. A recorded run knows nothing of
interventions (`record(interventions=...)`): a gate that was set has a derivative here as if it had come by itself.
"""

from __future__ import annotations

from carousel.introspect.flow.bounds import Bounds, bounds
from carousel.introspect.flow.effective_weights import EffectiveWeights, effective_weights
from carousel.introspect.flow.forget_path import CellPath, cell_path, time_scales
from carousel.introspect.flow.jacobians import jacobian
from carousel.introspect.flow.lags import LagProfile
from carousel.introspect.flow.singular import SingularValues, singular_values
from carousel.introspect.flow.spectrum import Spectrum, lyapunov
from carousel.introspect.flow.summary import Summary, horizon, slope, summarise
from carousel.introspect.flow.tape_profile import lag_profile

__all__ = [
    "Bounds",
    "CellPath",
    "EffectiveWeights",
    "LagProfile",
    "SingularValues",
    "Spectrum",
    "Summary",
    "bounds",
    "cell_path",
    "effective_weights",
    "horizon",
    "jacobian",
    "lag_profile",
    "lyapunov",
    "singular_values",
    "slope",
    "summarise",
    "time_scales",
]
