"""How gradients travel through time: lag profiles, Jacobians, exponents, time scales. Float64, renormalised, in logs.

Of a recorded layer (`carousel.record`): `jacobian`, `lag_profile`, `singular_values`, `lyapunov`, `cell_path`,
`time_scales`, `effective_weights`, `bounds`; of a profile: `slope`, `horizon`. A recorded run knows nothing of
interventions (`record(change=...)`): a gate that was set has a derivative here as if it had come by itself.
Of a contender: `network_lag_profile`, `largest_exponent`, `onset_gain`.
"""

from __future__ import annotations

from carousel.flow.bounds import Bounds, bounds
from carousel.flow.carrying import CellPath, cell_path, time_scales
from carousel.flow.effective import EffectiveWeights, effective_weights
from carousel.flow.jacobians import jacobian
from carousel.flow.lags import LagProfile
from carousel.flow.lyapunov import largest_exponent
from carousel.flow.network_profile import network_lag_profile
from carousel.flow.onset import onset_gain
from carousel.flow.singular import SingularValues, singular_values
from carousel.flow.spectrum import Spectrum, lyapunov
from carousel.flow.summary import Summary, horizon, slope, summarise
from carousel.flow.tape_profile import lag_profile

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
    "largest_exponent",
    "lyapunov",
    "network_lag_profile",
    "onset_gain",
    "singular_values",
    "slope",
    "summarise",
    "time_scales",
]
