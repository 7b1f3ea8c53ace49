"""`python -m benchmarks.cluster many | sleeping N | real | kills N | lost-node`: one measurement, as JSON."""

from __future__ import annotations

import json
import sys

from benchmarks.cluster import figures, kills

WHAT = {
    "many": figures.many,
    "sleeping": figures.sleeping,
    "real": figures.real,
    "kills": kills.kills,
    "lost-node": kills.lost_node,
}


def main(what: str, *numbers: str) -> None:
    """Measure and print."""
    print(json.dumps(WHAT[what](*map(int, numbers)), indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
