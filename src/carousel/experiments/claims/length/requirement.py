"""What claim 3 needs: an RNN and an LSTM at two lengths or more; of a file, histories of several lengths."""

from __future__ import annotations

from carousel.experiments.runner.requirement import Requirement, TaskRequirement

REQUIREMENT = Requirement(
    claim="length",
    tasks=(TaskRequirement("delayed-recall"), TaskRequirement("adding")),
    histories=True,
)
