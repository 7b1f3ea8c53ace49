"""python -m benchmarks.recall [--seeds 5] [--steps 60] [--out docs/recall.md]: the card, from faults x models x
seeds."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.recall.card import card, measured


def main() -> None:
    """Plant, certify, examine; print the card, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60, help="of the training that certifies a fault")
    parser.add_argument("--faults", nargs="*", help="these alone")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    text = card(measured(range(given.seeds), given.steps, given.faults))
    if given.out is None:
        print(text)
    else:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
