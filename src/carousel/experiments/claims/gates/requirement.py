"""What claim 4 needs: an RNN and an LSTM on a task that marks a key among distractors, which both can solve."""

from __future__ import annotations

from carousel.experiments.runner.requirement import KEEPERS, Requirement, TaskRequirement

REQUIREMENT = Requirement(claim="gates", tasks=(TaskRequirement("random-recall", KEEPERS, lengths=(30,)),))
