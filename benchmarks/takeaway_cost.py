"""What training once more and answering a file add to a run, as a share of its work: at most 20 % of a quick run.

.venv/bin/python benchmarks/takeaway_cost.py RUN NEW_FILE

The work of a run is the time of its jobs from begin to end, added over workers. That of `carousel predict` is its whole
command, imports too.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from carousel.experiments.runner.folder import RunFolder


def seconds(run: Path) -> dict[str, float]:
    """Of each kind of job. A worker's trials of one group began together: their time is counted once."""
    with sqlite3.connect(f"file:{RunFolder(run).ledger}?mode=ro", uri=True) as ledger:
        rows = ledger.execute("SELECT kind, worker, started, finished FROM jobs WHERE state='done' ORDER BY finished")
        found: dict[str, float] = {}
        ended: dict[int, float] = {}
        for kind, worker, began, finished in rows:
            found[kind] = found.get(kind, 0.0) + finished - max(began, ended.get(worker, began))
            ended[worker] = finished
    return found


def main() -> None:
    """A line a kind of work."""
    run, new_file = Path(sys.argv[1]), sys.argv[2]
    found = seconds(run)
    total = sum(found.values())
    began = time.perf_counter()
    command = [sys.executable, "-c", "from carousel.cli.app import main; main()", "predict", str(run), new_file]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    predicted = time.perf_counter() - began
    for kind, spent in sorted(found.items(), key=lambda item: -item[1]):
        print(f"{kind}: {spent:.1f} s, {spent / total:.1%} of all jobs")
    share = (found["refit"] + predicted) / (total - found["refit"])
    print(f"predict: {predicted:.1f} s; refit and predict add {share:.1%}")


if __name__ == "__main__":
    main()
