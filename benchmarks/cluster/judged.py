"""Claims judged on three nodes, one of which dies in the middle: are the verdicts those of this machine alone?"""

from __future__ import annotations

import json
import signal
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.cluster.comparison import Comparison, ended
from benchmarks.cluster.machines import Machines
from tests.support.plans import make_plan
from tests.support.runs import shortened

from carousel.experiments.runner.request import ComparisonRequest

_CLAIMS = ("vanishing", "gates")
_STEPS, _SEEDS = 300, 6


def judged() -> dict[str, Any]:
    """Two claims on their own tasks at T = 10 and 20: 160 trainings of 300 steps, in place of the standard budget."""
    tasks = ("delayed-recall", "random-recall")
    asked = ComparisonRequest(tasks, lengths=(10, 20), claims=_CLAIMS, parameters=2000)
    plan = shortened(make_plan(asked).plan, _STEPS, _SEEDS)
    with tempfile.TemporaryDirectory() as name:
        run = Comparison(Path(name), plan)
        expected = run.expected()
        with Machines(3) as cluster:
            process = run.start("ray", cluster)
            run.await_done("ray", plan.count_trials() // 2, process)
            kept = run.finished("ray")
            cluster.all[3].signal(signal.SIGKILL)
            found = ended(process) | run.compared("ray", expected, kept)
        local, ray = (json.loads((run.place / engine / "verdicts.json").read_text()) for engine in ("local", "ray"))
        found["verdicts"] = {claim["id"]: claim["verdict"] for claim in ray["claims"]}
        return found | {"parts of verdicts.json that differ": [part for part in ray if ray[part] != local[part]]}
