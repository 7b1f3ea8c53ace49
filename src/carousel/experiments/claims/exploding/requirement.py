"""What claim 2 needs: an RNN and an LSTM, and the onset of chaos in untrained networks."""

from __future__ import annotations

from carousel.experiments.runner.requirement import Requirement, TaskRequirement

REQUIREMENT = Requirement(
    claim="exploding",
    tasks=(TaskRequirement("delayed-recall"), TaskRequirement("adding")),
    probes=frozenset({"onset"}),
)
