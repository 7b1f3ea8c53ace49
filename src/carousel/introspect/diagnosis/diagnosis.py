"""An examination as a person sees it: as lines of text, as a page, in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from carousel.common.texts import text
from carousel.introspect.diagnosis.finding import Examination, Finding


@dataclass(frozen=True)
class Diagnosis(Examination):
    """What `diagnose` returns. Iterating gives the findings, worst first."""

    def report(self, lang: str = "en") -> str:
        """Ranked findings as lines of text: what, where, evidence, cause, fix."""
        lines = [text("doctor.heading", lang, **self.facts)]
        if not self.findings:
            lines.append(text("doctor.sound", lang, count=self.looked_for - len(self.not_assessed)))
        for number, finding in enumerate(self.findings, 1):
            lines += _lines(number, finding, lang)
        lines += [text("doctor.not_assessed_heading", lang)] if self.not_assessed else []
        lines += [f"  {each.symptom}: {each.text(lang)}" for each in self.not_assessed]
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


def _lines(number: int, finding: Finding, lang: str) -> list[str]:
    severity = text(f"doctor.severity.{finding.severity}", lang)
    where = f" [{finding.site}]" if finding.site else ""
    confidence = text("doctor.confidence", lang, level=text(f"doctor.level.{finding.confidence}", lang))
    how, title = {"severity": severity, "confidence": confidence}, finding.text("title", lang)
    follows = [f"   {text('doctor.part.follows', lang)} {', '.join(f.symptom for f in finding.follows)}"]
    return [
        text("doctor.finding", lang, number=number, symptom=f"{finding.symptom}{where}", title=title, **how),
        f"   {text('doctor.part.evidence', lang)} {finding.text('evidence', lang)}",
        f"   {text('doctor.part.cause', lang)} {finding.text('cause', lang)}",
        f"   {text('doctor.part.fix', lang)} {indented(finding.fix)}",
        f"   {finding.text('advice', lang)}",
        f"   {text('doctor.part.limits', lang)} {finding.text('limits', lang)}",
        *(follows if finding.follows else []),
    ]


def indented(lines: str) -> str:
    """Several lines stand below each other, a diff below its file."""
    return lines if "\n" not in lines else "\n      " + lines.replace("\n", "\n      ")
