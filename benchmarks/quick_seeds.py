"""How often quick runs contradict the runs that come with the package: benchmarks/quick_seeds.py RUNS SEED ...

Runs `carousel compare --seed SEED` into RUNS/SEED, or goes on with it, and judges it. A contradiction is an answer of
the quick run that is another one than that of the kept runs, where both have one.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from carousel.experiments.judgement import load_judgement
from carousel.experiments.report.first.second_voice import ANSWERED, Voice, voices
from carousel.experiments.runner.folder import RunFolder


def main(runs: Path, seeds: list[int]) -> int:
    """A line a seed: the answer to each claim that the quick suite asks, a contradiction marked; then their number."""
    kept = voices()
    claims = sorted(kept)
    print("seed  " + "  ".join(f"{claim:<16}" for claim in claims))
    contradictions = answers = 0
    for seed in seeds:
        words = _answers(runs / str(seed), seed)
        marked = {claim: _contradicts(word, kept[claim]) for claim, word in words.items()}
        print(f"{seed:>4}  " + "  ".join(f"{words[c] + ' (!)' * marked[c]:<16}" for c in claims))
        contradictions += sum(marked.values())
        answers += sum(word in ANSWERED for word in words.values())
    print(f"{len(seeds)} runs, {answers} answers, {contradictions} contradictions")
    return 0


def _answers(folder: Path, seed: int) -> dict[str, str]:
    if not (folder / "verdicts.json").exists():
        command = [sys.executable, "-m", "carousel", "compare", "--seed", str(seed), "--out", str(folder)]
        subprocess.run(command, check=True)
    return {verdict.claim: verdict.verdict for verdict in load_judgement(RunFolder(folder)).verdicts}


def _contradicts(word: str, voice: Voice) -> bool:
    return word in ANSWERED and voice.verdict in ANSWERED and word != voice.verdict


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), [int(seed) for seed in sys.argv[2:]]))
