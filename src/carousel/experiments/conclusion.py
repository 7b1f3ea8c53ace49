"""What a comparison came to: verdicts, advice, tables and the trained network, as Python and notebooks want them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import polars as pl

from carousel.common.texts import Text, checked_language, text
from carousel.experiments.decision.verdict import Verdict
from carousel.experiments.decision.verdicts_json import Judgement
from carousel.experiments.decision.wording import effect_value, interval
from carousel.experiments.judgement import load_judgement
from carousel.experiments.report.tables.contenders import summarise
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan

if TYPE_CHECKING:
    from carousel.experiments.results.rebuild import Trained


@dataclass(frozen=True, repr=False)
class Conclusion:
    """A judged run. It is read from its folder, which holds every number behind it.

    evidence: the numbers. judgement: what was concluded from them, which `judgement.as_json()` gives as verdicts.json
    holds it. lang: the language that is printed, "en" or "zh".
    """

    evidence: Evidence = field(compare=False)
    judgement: Judgement
    lang: str = "en"

    @cached_property
    def verdicts(self) -> Mapping[str, Verdict]:
        """By claim: `verdict` ("supported", "refuted", "conditional", "inconclusive" or "not-tested"), `effect` (value,
        unit and 95 % interval), `because` (a text by language), `n` seeds, and the `rows` it was combined from."""
        told = (replace(verdict, because=Text(verdict.because, self.lang)) for verdict in self.judgement.verdicts)
        return MappingProxyType({verdict.claim: verdict for verdict in told})

    @property
    def advice(self) -> Text:
        """Which network to use and what it gains: a text by language; `str(advice)` is that of `lang`."""
        return Text(self.judgement.advice, self.lang)

    @property
    def recommended(self) -> str | None:
        """The contender that is advised, such as "lstm:chrono"; None where no network beats the baseline."""
        return self.judgement.recommended

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.evidence.folder

    @property
    def report(self) -> Path:
        """The illustrated report: one HTML file that opens offline."""
        return self.folder / "report.html"

    @property
    def plan(self) -> Plan:
        """What was trained on what, resolved to numbers; `compare(plan=conclusion.folder)` runs it anew."""
        return self.evidence.plan

    @property
    def trials(self) -> pl.DataFrame:
        """One finished training a row; help(carousel.Evidence) lists the columns."""
        return self.evidence.trials

    @cached_property
    def contenders(self) -> pl.DataFrame:
        """One contender under one condition a row: mean test score with its 95 % interval, share of trials that solved
        the task, learning rate, parameters, CPU seconds, baseline."""
        return summarise(self.evidence)

    @property
    def profiles(self) -> pl.DataFrame:
        """Gradient flow: the log gain at each lag, one lag of one network a row."""
        return self.evidence.profiles

    def curves(self, contender: str | None = None, condition: str | None = None) -> pl.DataFrame:
        """Learning curves of the reporting trials, one training step a row: trial, contender, condition, seed, step,
        loss, gradient_norm (before clipping), validation_score (null between checks).

        contender, condition: these alone, as they are named in `trials`; no such: no rows.
        """
        chosen = self.trials.filter(pl.col("phase") == "reporting")
        for name, value in (("contender", contender), ("condition", condition)):
            chosen = chosen if value is None else chosen.filter(pl.col(name) == value)
        names = ("trial", "contender", "condition", "seed")
        tables = [
            self.evidence.curves(row["trial"]).select(*(pl.lit(row[name]).alias(name) for name in names), pl.all())
            for row in chosen.select(names).iter_rows(named=True)
        ]
        return pl.concat(tables) if tables else pl.DataFrame(schema=_CURVES)

    @cached_property
    def best(self) -> Trained:
        """The trained network to take away, in evaluation mode, and its task: of a file trained on all of it, so its
        score there is no held-out score (`contenders` has those). It is the one that is advised; where none is
        (`recommended`), the best of those that were compared. Loaded when asked for."""
        from carousel.experiments.results.rebuild import load_best

        return load_best(self.folder)

    def __repr__(self) -> str:
        advised = f"{text('conclusion.advised', self.lang)}: {self.recommended or text('conclusion.none', self.lang)}"
        lines = [f"<Conclusion {', '.join(s.name for s in self.plan.sources)}>", *map("  ".join, self._verdict_cells())]
        return "\n".join([*lines, advised, text("cli.report", self.lang, path=self.report)])

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{escape(c)}</td><td>{escape(v)}</td></tr>" for c, v in self._verdict_cells())
        link = f'<a href="{escape(_href(self.report), quote=True)}">{escape(self.report.name)}</a>'
        return f"<p>{escape(str(self.advice))}</p><table>{rows}</table><p>{link}</p>"

    def _verdict_cells(self) -> list[tuple[str, str]]:
        return [(text(f"claims.{v.claim}.title", self.lang), cell(v, self.lang)) for v in self.verdicts.values()]


def load_run(path: Path | str, lang: str = "en") -> Conclusion:
    """The conclusion of a finished run, from its folder; needs no torch, trains and writes nothing.

    Raises FolderConflict where there is no run, or one that was not judged yet (`carousel report` judges it).
    """
    checked_language(lang)
    return Conclusion(load_evidence(path), load_judgement(RunFolder(Path(path))), lang)


def cell(verdict: Verdict, lang: str) -> str:
    """ "conditional  +0.055 [0.049, 0.062]"; the word alone where nothing was measured."""
    word, effect = text(f"claims.verdicts.{verdict.verdict}", lang), verdict.effect
    if effect.value is None:
        return word
    return f"{word}  {effect_value(effect.unit, effect.value)} {interval(effect.ci95)}"


def _href(path: Path) -> str:
    """Relative to the working directory where it is below it (a notebook serves no other), else a file URI."""
    absolute, here = path.resolve(), Path.cwd()
    return os.path.relpath(absolute, here).replace(os.sep, "/") if absolute.is_relative_to(here) else absolute.as_uri()


_CURVES = {
    "trial": pl.String,
    "contender": pl.String,
    "condition": pl.String,
    "seed": pl.Int64,
    "step": pl.Int32,
    "loss": pl.Float64,
    "gradient_norm": pl.Float64,
    "validation_score": pl.Float64,
}
