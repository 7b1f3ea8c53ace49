"""Try mutated inputs of every kind: `python scripts/fuzz.py --inputs 5000 --seed 7`.

Each kind gets its share of the inputs. A line a kind says what became of them; a finding is told as soon as it is made,
with the name that --again takes. What was tried is kept in .fuzz/SEED.jsonl, and the same command goes on from there.
Exit code 1 where anything was found.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.fuzz.campaign import Campaign
from tests.fuzz.outcome import HANGS, Outcome

_COLUMNS = ("inputs", "accepted", "refused", "tracebacks", "aborts", "hangs", "slowest", "memory")
HEAD = f"{'kind':<13}" + "".join(f" {name:>10}" for name in _COLUMNS)


def main() -> int:
    """Try them, or one of them again."""
    asked = _asked()
    if asked.again:
        return _again(asked.again)
    kinds = asked.only.split(",") if asked.only else _kinds()
    asked.store.mkdir(parents=True, exist_ok=True)
    found: list[Outcome] = []
    print(HEAD)
    with Campaign() as campaign, (asked.store / f"{asked.seed}.jsonl").open("a+") as kept:
        known = _known(kept)
        for place, kind in enumerate(kinds):
            share = range(place, asked.inputs, len(kinds))
            tried = [known[kind, n] for n in range(len(share)) if (kind, n) in known]
            for outcome in campaign.outcomes(
                kind, asked.seed, (n for n in range(len(share)) if (kind, n) not in known)
            ):
                tried.append(outcome)
                print(json.dumps(asdict(outcome)), file=kept, flush=True)
                if not outcome.sound:
                    print(f"{outcome.name} {outcome.word}: {outcome.line}", flush=True)
            print(row(kind, tried), flush=True)
            found += tried
    print(row("all", found))
    return 0 if all(outcome.sound for outcome in found) else 1


def row(kind: str, tried: Iterable[Outcome]) -> str:
    """One line of the table."""
    tried = list(tried)
    words = Counter(outcome.word for outcome in tried)
    hangs = sum(outcome.word == "hang" or outcome.seconds > HANGS for outcome in tried)
    counts = (len(tried), words["accepted"], words["refused"], words["traceback"], words["abort"], hangs)
    slowest, peak = max((o.seconds for o in tried), default=0), max((o.peak for o in tried), default=0)
    cells = (*map(str, counts), f"{slowest:.1f} s", f"{peak / 1e6:.0f} MB")
    return f"{kind:<13}" + "".join(f" {cell:>10}" for cell in cells)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=5000, help="of all kinds together")
    parser.add_argument("--seed", type=int, default=0, help="another number makes other inputs")
    parser.add_argument("--only", help="kinds, comma-separated")
    parser.add_argument(
        "--again", metavar="KIND/SEED/NUMBER", help="one input again, in this process, with its traceback"
    )
    parser.add_argument("--store", type=Path, default=Path(".fuzz"), help="folder of what was tried")
    return parser.parse_args()


def _kinds() -> list[str]:
    from tests.fuzz.kinds import KINDS

    return [*KINDS]


def _known(kept: Iterable[str]) -> dict[tuple[str, int], Outcome]:
    kept.seek(0)  # type: ignore[attr-defined]
    outcomes = [Outcome(**json.loads(line)) for line in kept]
    return {(outcome.kind, outcome.number): outcome for outcome in outcomes}


def _again(name: str) -> int:
    from tests.fuzz.trying import try_one

    kind, seed, number = name.split("/")
    with tempfile.TemporaryDirectory() as folder:
        outcome = try_one(kind, int(seed), int(number), Path(folder))
    print(f"{outcome.word} {outcome.line}")
    return 0 if outcome.sound else 1


if __name__ == "__main__":
    sys.exit(main())
