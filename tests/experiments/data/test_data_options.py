"""Options that contradict each other are refused before any file is read."""

from __future__ import annotations

from typing import Any

import pytest

from carousel.common.errors import BadPlan
from carousel.experiments.data import DataOptions


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"forecast": ("y",), "target": "z"}, ("--forecast and --target",)),
        ({"forecast": ("y",), "kind": "regression"}, ("--kind", "regression")),
        ({"forecast": ("y",), "window": 0}, ("--window", "1 step or more", "got: 0")),
        ({"forecast": ("y",), "horizon": -1}, ("--horizon", "1 step or more", "got: -1")),
        ({"target": "y", "window": 5}, ("--window goes with --forecast",)),
        ({"target": "y", "horizon": 5}, ("--horizon goes with --forecast",)),
        ({"target": "y", "kind": "guess"}, ("--kind", "classification, regression", "guess")),
        ({"target": "y", "group": "y"}, ("'y'", "--target", "--group")),
        ({"forecast": ("y", "y")}, ("'y'", "twice")),
        ({"split": (0.6, 0.4, 0.0)}, ("split", "three positive shares")),
        ({"split": (0.6, 0.3, 0.2)}, ("split", "sum to 1", "0.6, 0.3, 0.2")),
    ],
)
def test_contradictions(given: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(BadPlan) as caught:
        DataOptions(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)
