"""The end of a run: judged, the best network stored, the report written. No torch: a copied folder is enough."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from carousel.common.files import writing_to
from carousel.experiments.conclusion import Conclusion
from carousel.experiments.decision.interim import Settled
from carousel.experiments.judgement import judge, settle
from carousel.experiments.report import build
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.export import export_best
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Group


def finalise(evidence: Evidence, lang: str = "en", settled: Settled | None = None) -> Conclusion:
    """Judge a run and write verdicts.json, best/ and the report into its folder. settled: as in `judge`."""
    folder = RunFolder(evidence.folder)
    with writing_to(folder.path):
        folder.check_own()
    judgement = judge(evidence, settled)
    export_best(evidence, judgement.recommended)  # first: it may lack what it needs
    folder.write_json(folder.verdicts, judgement.as_json())
    with writing_to(folder.path):
        build(evidence, judgement, lang)
    return Conclusion(evidence, judgement, lang)


class InterimAnalysis:
    """Judges a run between its seeds. `evidence`, `settled`: as last read and judged; at the end of a run that of all
    its trials."""

    def __init__(self, folder: Path):
        self._folder = folder
        self.evidence: Evidence
        self.settled: Settled

    def more_seeds(self) -> Mapping[Group, int]:
        """Which groups get more reporting seeds than all begin with, and how many."""
        self.evidence = load_evidence(self._folder)
        self.settled = settle(self.evidence)
        return self.settled.allocation
