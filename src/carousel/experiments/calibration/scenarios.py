"""All scenarios, in the order of the claims."""

from __future__ import annotations

from carousel.experiments.calibration.gradients import Control, Onset, Slopes
from carousel.experiments.calibration.mechanisms import AttentionGap, Clamping, DepthBits, DepthRate, Selecting
from carousel.experiments.calibration.performance import Falls, History, Wins
from carousel.experiments.calibration.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.id: scenario
    for scenario in (
        Slopes(),
        Onset(),
        Control(),
        Falls(),
        History(),
        Clamping(),
        Selecting(),
        Wins(),
        DepthRate(),
        DepthBits(),
        AttentionGap(),
    )
}
