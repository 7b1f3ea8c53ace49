"""What claim 1 needs: an RNN and an LSTM, and the lag profiles of untrained networks."""

from __future__ import annotations

from carousel.experiments.runner.requirement import Requirement, TaskRequirement

REQUIREMENT = Requirement(
    claim="vanishing",
    tasks=(TaskRequirement("delayed-recall"), TaskRequirement("adding")),
    probes=frozenset({"initial-flow"}),
)
