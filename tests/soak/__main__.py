"""`python -m tests.soak --kills 1000 --seed 3`: disturb comparisons so often, and print what came of each kind.

Stopped and started again with the same --out it goes on: every kill is a line of OUT/kills-SEED.jsonl.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.soak.soak import cards, in_vain, soak


def main() -> int:
    """1 where a trial was lost or anything else was not as it must be."""
    asked = _arguments()
    journal = asked.out / f"kills-{asked.seed}.jsonl"
    asked.out.mkdir(parents=True, exist_ok=True)
    done = _read(journal)
    with soak(asked.out, fresh=asked.fresh) as running:
        for kind, chance in cards(running.disk, asked.seed, len(done), asked.kills):
            done.append(running.disturb(kind, chance))
            with journal.open("a", encoding="utf-8") as stream:
                print(json.dumps(done[-1]), file=stream)
            print(f"\r{len(done)} of {asked.kills}, {running.rounds} rounds", end="", file=sys.stderr, flush=True)
        last = running.to_the_end()
    print("\n".join([*_table(done), "", *_faults(done, last)]))
    return int(bool(last or in_vain(done)) or any(one["lost"] or one["faults"] for one in done))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the order of the kinds and of the moments")
    parser.add_argument("--out", type=Path, default=Path("runs/soak"), help="where it works, and keeps its journal")
    parser.add_argument("--fresh", action="store_true", help="each process a new interpreter: several seconds a kill")
    return parser.parse_args()


def _read(journal: Path) -> list[dict[str, Any]]:
    if not journal.exists():
        return []
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]


def _table(done: list[dict[str, Any]]) -> list[str]:
    """A row a kind: how often, how the command ended, finished jobs at risk, how many were lost, faults."""
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in done:
        by_kind[one["kind"]].append(one)
    rows = ["| kind | times | the command | jobs finished by then | lost | faults |", "|---|---|---|---|---|---|"]
    return rows + [_row(kind, by_kind[kind]) for kind in sorted(by_kind)] + [_row("all", done)]


def _row(kind: str, these: list[dict[str, Any]]) -> str:
    codes = [one["code"] for one in these]
    ends = ", ".join(f"{_end(code)} {codes.count(code)}" for code in sorted(set(codes), key=repr))
    total = {name: sum(one[name] for one in these) for name in ("finished", "lost")}
    faults = sum(len(one["faults"]) for one in these)
    return f"| {kind} | {len(these):,} | {ends} | {total['finished']:,} | {total['lost']} | {faults} |"


def _end(code: int | None) -> str:
    return "went on" if code is None else f"signal {-code}:" if code < 0 else f"exit {code}:"


def _faults(done: list[dict[str, Any]], last: list[str]) -> list[str]:
    found = [f"kill {k} ({one['kind']}): {fault}" for k, one in enumerate(done) for fault in one["faults"]]
    found += [f"the last round: {fault}" for fault in last]
    return [*found, *(f"{kind}: stopped nothing" for kind in in_vain(done))] or [
        "Every round ended as the reference did, byte for byte."
    ]


if __name__ == "__main__":
    sys.exit(main())
