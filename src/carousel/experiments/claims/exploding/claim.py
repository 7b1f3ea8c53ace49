"""Claim 2: an RNN's gradient can blow up; an LSTM keeps it in check. Two parts, judged apart.

onset     the first scale of a Gaussian recurrent matrix at which the untrained network is chaotic, LSTM minus RNN.
control   trained LSTMs (reporting trials of the seeds that all of them have, so that no contender counts more than
          another): how often the gradient's norm spikes, and whether one became chaotic (control.py); and whether it
          spikes in an RNN more often than in an LSTM, on equal steps, source by source (contrast.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, final

from carousel.common.texts import both
from carousel.experiments.claims.base import PairClaim
from carousel.experiments.claims.exploding.contrast import contrast_rows, contrasted
from carousel.experiments.claims.exploding.control import control_row, control_word
from carousel.experiments.claims.exploding.margins import MARGINS, ExplodingMargins
from carousel.experiments.claims.exploding.requirement import REQUIREMENT
from carousel.experiments.claims.exploding.spikes import spike_trials
from carousel.experiments.decision.paired import mean_row, missing_row
from carousel.experiments.decision.results import Results, is_number, trial_files
from carousel.experiments.decision.rules import combine, combine_parts, judged_together
from carousel.experiments.decision.verdict import Both, Effect, Row, Verdict
from carousel.experiments.decision.wording import headline, join, needed, number, parts_text
from carousel.experiments.runner.requirement import Requirement
from carousel.experiments.tables import OnsetRow

Onsets = dict[int, OnsetRow]  # by seed


@final
class Exploding(PairClaim):
    """Onset of chaos before training, and control of the gradient in training."""

    id: ClassVar[str] = "exploding"
    effect: ClassVar[tuple[str, str]] = ("onset_difference", "gain")
    requirement: ClassVar[Requirement] = REQUIREMENT
    margins: ClassVar[ExplodingMargins] = MARGINS
    change: ClassVar[str] = "claims.change.parts"
    leading_part: ClassVar[str | None] = "onset"
    figure: ClassVar[str | None] = "gradient-norm"

    def judge(self, results: Results, alpha: float) -> Verdict:
        """Supported or refuted where both parts are; conditional where they differ."""
        onset = judged_together(partial(self._onset_rows, results), alpha)
        control, contrast = control_row(spike_trials(results, "LSTM"), alpha), contrast_rows(results, alpha)
        if not control.n and not any(row.n for row in onset):
            return self.not_tested("no_onset")
        parts = (combine(onset), control_word(control, contrast))
        shown = next((row for row in onset if row.n), None)
        rows = (*onset, control, *contrast)
        because = join(
            headline(self.id, shown) if shown else None,
            self._censored(onset),
            self._control_text(control),
            *(self._contrast_text(row) for row in contrast if row.n),
            parts_text(self.id, onset=parts[0], control=parts[1]),
            needed(rows),
        )
        effect = shown.effect if shown else Effect(*self.effect)
        n = shown.n if shown else 0
        return Verdict(self.id, combine_parts(parts), effect, n, because, rows, _counted(results))

    def _onset_rows(self, results: Results, alpha: float) -> list[Row]:
        rnns, lstms = results.onset("RNN"), results.onset("LSTM")
        rows = [
            self._onset_row(f"{m} vs {r}", rnn, lstm, _largest(results), alpha)
            for r, rnn in rnns.items()
            for m, lstm in lstms.items()
        ]
        return rows or [missing_row("LSTM vs RNN", self.effect, details={"part": "onset"})]

    def _onset_row(self, where: str, rnn: Onsets, lstm: Onsets, largest: float | None, alpha: float) -> Row:
        """Paired by seed. A network that stayed calm over the whole scan counts with the largest gain seen, a lower
        bound that can only shrink the difference; where both did, the seed says nothing, and how many do is printed."""
        seeds = sorted(rnn.keys() & lstm.keys())
        gains = [(_gain(lstm[s], largest), _gain(rnn[s], largest), _calm(lstm[s]) + _calm(rnn[s])) for s in seeds]
        values = [m - r for m, r, calm in gains if m is not None and r is not None and calm < 2]
        row = mean_row(where, self.effect, values, MARGINS.onset_margin, alpha)
        some = sum(calm > 0 for *_, calm in gains)
        row.details.update({"part": "onset", "calm": some, "both_calm": len(seeds) - len(values)})
        return row

    @staticmethod
    def _censored(rows: Sequence[Row]) -> Both | None:
        calm = sum(row.details.get("calm", 0) for row in rows)
        return both("claims.exploding.calm", pairs=calm) if calm else None

    @staticmethod
    def _control_text(row: Row) -> Both:
        if not row.n:
            return both("claims.exploding.no_trials")
        return both(
            "claims.exploding.control",
            trials=row.n,
            spikes=row.details["spikes"],
            steps=row.details["steps"],
            limit=number(row.details["upper_limit"]),
            chaotic=row.details["chaotic"],
            calm=row.details["calm"],
            diverged=row.details["diverged"],
            measured=row.details["exponents"],
        )

    @staticmethod
    def _contrast_text(row: Row) -> Both:
        found = row.details
        counts = {"more": found["more"], "fewer": found["fewer"], "seeds": found["seeds"]}
        return both("claims.exploding.contrast", source=row.where, **counts)


def _counted(results: Results) -> tuple[str, ...]:
    """The files of the trainings that control counts: of all LSTMs together, and of each source with its RNNs."""
    each_source = (spike_trials(results, "RNN", "LSTM", source=name) for name in contrasted(results))
    groups = [spike_trials(results, "LSTM"), *each_source]
    return trial_files(row for each in groups for rows in each.values() for row in rows.values())


def _calm(row: OnsetRow) -> bool:
    return not is_number(row.gain)


def _gain(row: OnsetRow, largest: float | None) -> float | None:
    return largest if _calm(row) else row.gain


def _largest(results: Results) -> float | None:
    gains = [row.gain for row in results.onsets if is_number(row.gain)]
    return max(gains, default=None)
