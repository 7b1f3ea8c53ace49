"""Do two workers do 1.7 times the trials per minute of one? Interleaved pairs of one small plan; median of ratios.

Run alone on the machine: `make bench`. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from carousel.experiments.claims import requirements
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.planning import make_plan
from carousel.experiments.runner.request import ComparisonRequest
from carousel.experiments.runner.run import run_plan

PAIRS = 3


def plan() -> Plan:
    """Delayed recall at T = 30: 6 contenders, 3 rates, 3 seeds, 300 steps each, never stopped early."""
    found = make_plan(ComparisonRequest(("delayed-recall",), lengths=(30,)), requirements()).plan
    stop = found.training.stop.model_copy(update={"solved_checks": 10**6})
    return found.model_copy(update={"training": found.training.model_copy(update={"steps": 300, "stop": stop})})


def trials_per_minute(workers: int, made: Plan) -> float:
    """From the first finished trial on, so that importing torch in the workers does not count."""
    marks: list[tuple[float, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder) / "run")
        run.claim_for(made)
        with run.locked():
            run_plan(made, run, workers, lambda p: marks.append((time.monotonic(), p.counts["done"])))
    first, last = next(m for m in marks if m[1]), marks[-1]
    return 60 * (last[1] - first[1]) / (last[0] - first[0])


def main() -> None:
    """Measure and print."""
    made = plan()
    pairs = [(trials_per_minute(1, made), trials_per_minute(2, made)) for _ in range(PAIRS)]
    ratios = [two / one for one, two in pairs]
    result = {"pairs": pairs, "ratios": ratios, "median_ratio": statistics.median(ratios), "cores": os.cpu_count()}
    json.dump(result, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
