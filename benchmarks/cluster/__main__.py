"""`python -m benchmarks.cluster many | sleeping N | real | overhead | kills N | lost-node | lost-head | …`: one
measurement, or one fault, as JSON. `WHAT` lists them. `first-look --against RUN` has options of its own (`--help`)."""

from __future__ import annotations

import json
import sys

from benchmarks.cluster import faults, figures, first_look, first_start, judged, kills, memory, overhead

WHAT = {
    "many": figures.many,
    "sleeping": figures.sleeping,
    "real": figures.real,
    "kills": kills.kills,
    "lost-node": kills.lost_node,
    "lost-head": faults.lost_head,
    "lost-command": faults.lost_command,
    "partition": faults.partition,
    "stopped": faults.stopped,
    "stopped-task": faults.stopped_task,
    "memory-error": memory.error,
    "memory-monitor": memory.monitor,
    "memory-kernel": memory.kernel,
    "memory-alone": memory.alone,
    "overhead": overhead.overhead,
    "judged": judged.judged,
    "first-start": first_start.first_start,
}


def main(what: str, *words: str) -> None:
    """Measure and print. what: one, or several with commas between. words: numbers, but for the first look."""
    if what == "first-look":
        print(json.dumps({what: first_look.first_look(*words)}, indent=2), flush=True)
        return
    for each in what.split(","):
        print(json.dumps({each: WHAT[each](*map(int, words))}, indent=2), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
