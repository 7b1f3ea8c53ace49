"""What an examination found, and what it could not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from carousel.common.texts import text
from carousel.introspect.diagnosis.finding import SEVERITIES, Finding, Unseen
from carousel.introspect.record import ModelTape


@dataclass(frozen=True)
class Diagnosis:
    """findings: worst first. unseen: symptoms that could not be looked for, and why. tape: of the recorded pass.
    facts: the numbers of the model and the batch, formatted, for the heading."""

    findings: tuple[Finding, ...]
    unseen: tuple[Unseen, ...]
    looked_for: int
    tape: ModelTape
    facts: dict[str, str]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def report(self, lang: str = "en") -> str:
        """Ranked findings as lines of text: what, where, evidence, cause, fix."""
        lines = [text("doctor.heading", lang, **self.facts)]
        if not self.findings:
            lines.append(text("doctor.sound", lang, count=self.looked_for - len(self.unseen)))
        for number, finding in enumerate(self.findings, 1):
            lines += _lines(number, finding, lang)
        lines += [text("doctor.unseen_heading", lang)] if self.unseen else []
        lines += [f"  {unseen.symptom}: {unseen.says(lang)}" for unseen in self.unseen]
        return "\n".join(lines)

    def to_html(self, path: str | Path, lang: str = "en") -> Path:
        """Write the page: one file, both languages, opens offline. Raises FolderConflict where it cannot be written."""
        from carousel.introspect.diagnosis.page.page import write

        return write(self, Path(path), lang)

    def __str__(self) -> str:
        return self.report()

    def _repr_html_(self) -> str:
        """In a notebook."""
        from carousel.introspect.diagnosis.page.page import fragment

        return fragment(self)


def ranked(findings: list[Finding]) -> tuple[Finding, ...]:
    """Worst first; of the same severity, the surest first."""
    sure = ("high", "medium", "low")
    return tuple(sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), sure.index(f.confidence))))


def _lines(number: int, finding: Finding, lang: str) -> list[str]:
    severity = text(f"doctor.severity.{finding.severity}", lang)
    where = f" [{finding.site}]" if finding.site else ""
    sure = text("doctor.confidence", lang, level=text(f"doctor.level.{finding.confidence}", lang))
    return [
        f"{number}. {finding.symptom}{where} ({severity}, {sure}): {finding.says('title', lang)}",
        f"   {text('doctor.part.evidence', lang)} {finding.says('evidence', lang)}",
        f"   {text('doctor.part.cause', lang)} {finding.says('cause', lang)}",
        f"   {text('doctor.part.fix', lang)} {finding.fix}",
        f"   {finding.says('advice', lang)}",
        f"   {text('doctor.part.limits', lang)} {finding.says('limits', lang)}",
    ]
