"""What claim 5 needs: an RNN and an LSTM on three tasks."""

from __future__ import annotations

from carousel.experiments.runner.requirement import KEEPERS, Requirement, TaskRequirement

REQUIREMENT = Requirement(
    claim="generalisation",
    tasks=(
        TaskRequirement("delayed-recall"),
        TaskRequirement("adding"),
        TaskRequirement("random-recall", KEEPERS, lengths=(30,)),
    ),
)
