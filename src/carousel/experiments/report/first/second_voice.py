"""The second voice of a report: what the runs kept in the package came to, beside the run's own verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from carousel.common.texts import text
from carousel.experiments.decision.verdict import Verdict, Word
from carousel.experiments.judgement import load_judgement
from carousel.experiments.reference import reference_folders
from carousel.experiments.runner.folder import RunFolder

ANSWERED: frozenset[Word] = frozenset({"supported", "refuted", "conditional"})


@dataclass(frozen=True)
class Voice:
    """What the kept runs say of one claim. verdict: None where they differ among themselves."""

    verdict: Word | None
    seeds: int

    def beside(self, verdict: Verdict, lang: str) -> str:
        """ "Larger runs that come with Carousel, 80 seeds: supported. This run agrees.", where both have an answer."""
        if self.verdict is None:
            return text("first.reference.split", lang, seeds=self.seeds)
        if self.verdict == verdict.verdict == "inconclusive":
            return text("first.reference.open_too", lang, seeds=self.seeds)
        word = text(f"claims.verdicts.{self.verdict}", lang)
        said = text("first.reference.said", lang, seeds=self.seeds, word=word)
        if not {self.verdict, verdict.verdict} <= ANSWERED:
            return said
        return text(f"first.reference.{'agrees' if self.verdict == verdict.verdict else 'differs'}", lang, said=said)


def voices(folders: Sequence[Path] | None = None) -> dict[str, Voice]:
    """By claim; nothing where no run is kept. folders: other kept runs than the package's."""
    found = [load_judgement(RunFolder(path)) for path in (reference_folders() if folders is None else folders)]
    by_claim: dict[str, list[tuple[Word, int]]] = {}
    for judgement in found:
        for verdict in judgement.verdicts:
            by_claim.setdefault(verdict.claim, []).append((verdict.verdict, judgement.taken[verdict.claim].seeds))
    return {claim: _together(said) for claim, said in by_claim.items()}


def _together(said: Sequence[tuple[Word, int]]) -> Voice:
    words = {word for word, _ in said}
    return Voice(next(iter(words)) if len(words) == 1 else None, sum(seeds for _, seeds in said))
