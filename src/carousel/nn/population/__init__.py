"""Many small networks of one shape trained at once, each with its own weights, seed and learning rate."""

from __future__ import annotations

from carousel.nn.population.adam import PopulationAdam
from carousel.nn.population.linear import PopulationLinear
from carousel.nn.population.recurrent import Population

__all__ = ["Population", "PopulationAdam", "PopulationLinear"]
