"""Keep runs of the standard budget in the package as reference evidence: `python scripts/keep_reference.py RUN…`.

How they are made, 2 cores and some hours: `carousel compare --budget standard --seed 2 --out RUN`, and once more with
`--seed 3`. The verdicts are judged anew from what is kept, so that they follow from it.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from carousel.experiments.judgement import judge
from carousel.experiments.reference import HERE
from carousel.experiments.results.kept import keep
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.request import SEED_STRIDE


def keep_as_reference(run: Path, to: Path = HERE) -> Path:
    """The folder it is kept in, named after its `--seed`."""
    evidence = load_evidence(run)
    folder = RunFolder(to / f"seed-{evidence.plan.tuning_seeds[0] // SEED_STRIDE}")
    keep(evidence, folder)
    judgement = judge(load_evidence(folder.path))
    # The raw files that a verdict names stay behind in the run folder.
    verdicts = tuple(replace(verdict, evidence=()) for verdict in judgement.verdicts)
    folder.write_json(folder.verdicts, replace(judgement, verdicts=verdicts).as_json())
    return folder.path


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        kept = keep_as_reference(path)
        print(kept, f"{sum(file.stat().st_size for file in kept.rglob('*') if file.is_file()):,} bytes")
