"""The end of a run: judged, the best network stored, the report written. No torch: a copied folder is enough."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from carousel.common.files import writing_to
from carousel.common.texts import LANGUAGES
from carousel.experiments.conclusion import Conclusion
from carousel.experiments.decision.interim import Settled
from carousel.experiments.judgement import judge, settle, to_take
from carousel.experiments.report import build
from carousel.experiments.report.model_card import model_card
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.export import Exported, export_best, refit_of
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Group
from carousel.experiments.training.description import Refit


def finalise(evidence: Evidence, lang: str = "en", settled: Settled | None = None) -> Conclusion:
    """Judge a run and write verdicts.json, best/ and the report into its folder. settled: as in `judge`."""
    folder = RunFolder(evidence.folder)
    with writing_to(folder.path):
        folder.check_own()
    judgement = judge(evidence, settled)
    taken = export_best(evidence, to_take(evidence))  # first: it may lack what it needs
    if taken is not None:
        _write_cards(folder, evidence, taken, judgement.recommended)
    folder.write_json(folder.verdicts, judgement.as_json())
    with writing_to(folder.path):
        build(evidence, judgement, lang)
    return Conclusion(evidence, judgement, lang)


def _write_cards(folder: RunFolder, evidence: Evidence, taken: Exported, recommended: str | None) -> None:
    """best/README.md, and README.zh.md in Chinese."""
    for lang in LANGUAGES:
        card = model_card(evidence, taken.trial, taken.again, recommended, lang)
        with writing_to(folder.path):
            folder.write(taken.folder / ("README.md" if lang == "en" else f"README.{lang}.md"), card.encode())


class InterimAnalysis:
    """Judges a run between its seeds. `evidence`, `settled`: as last read and judged; at the end of a run that of all
    its trials, without what is trained on all data after them."""

    def __init__(self, folder: Path):
        self._folder = folder
        self.evidence: Evidence
        self.settled: Settled

    def more_seeds(self) -> Mapping[Group, int]:
        """Which groups get more reporting seeds than all begin with, and how many."""
        self.evidence = load_evidence(self._folder)
        self.settled = settle(self.evidence)
        return self.settled.allocation

    def to_refit(self) -> Refit | None:
        """The settings that won, to be trained on the whole file; None of a built-in task, which has no end of data."""
        contender = to_take(self.evidence)
        return None if contender is None else refit_of(self.evidence, contender)
