"""Write what the reference evidence found into docs/claims.md: `python scripts/write_findings.py`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from carousel.common.texts import text
from carousel.experiments.claims import ids
from carousel.experiments.conclusion import cell
from carousel.experiments.decision.verdict import Row, Verdict
from carousel.experiments.decision.wording import effect_value, interval
from carousel.experiments.judgement import load_judgement
from carousel.experiments.reference import reference_folders
from carousel.experiments.runner.folder import RunFolder

PAGE = Path(__file__).resolve().parents[1] / "docs" / "claims.md"
MARKS = "<!-- findings: written by scripts/write_findings.py -->", "<!-- end of the findings -->"
ANSWERS = ("supported", "refuted", "inconclusive", "not-tested")
Runs = dict[str, dict[str, Verdict]]  # by set of seeds, by claim


def page(now: str) -> str:
    """The page with the findings in place of what stands between the marks."""
    before, _, rest = now.partition(MARKS[0])
    _, mark, after = rest.partition(MARKS[1])
    if not mark:
        raise ValueError(f"{PAGE.name} lacks the marks {MARKS}")
    return f"{before}{MARKS[0]}\n\n{findings(reference())}\n{MARKS[1]}{after}"


def reference() -> Runs:
    """The verdicts of the runs that the package keeps."""
    folders = [RunFolder(path) for path in reference_folders()]
    return {each.path.name: {v.claim: v for v in load_judgement(each).verdicts} for each in folders}


def findings(runs: Runs) -> str:
    """All claims in one table, and a table a claim."""
    lines = [f"| `{claim}` | {' | '.join(cell(run[claim], 'en') for run in runs.values())} |" for claim in ids()]
    agree = [_agreement(runs), ""] if len(runs) > 1 else []
    return "\n".join([_head("claim", runs), *lines, "", *agree, *(_of_claim(claim, runs) for claim in ids())])


def _agreement(runs: Runs) -> str:
    same = sum(len({run[claim].verdict for run in runs.values()}) == 1 for claim in ids())
    return f"Of {len(ids())} claims {same} have the same verdict on each set of seeds."


def _of_claim(claim: str, runs: Runs) -> str:
    rows = {name: _shown(run[claim]) for name, run in runs.items()}
    if not any(rows.values()):
        return ""
    keys = dict.fromkeys(key for each in rows.values() for key in each)
    lines = [f"| {key} | {' | '.join(_cell(each.get(key)) for each in rows.values())} |" for key in keys]
    counts = [f"{name}: {_counts(run[claim].rows)}." for name, run in runs.items()]
    title = text(f"claims.{claim}.title", "en")
    return "\n".join([f"*{title}*: what decides. {' '.join(counts)}", "", _head("where", runs), *lines, ""])


def _head(first: str, runs: Runs) -> str:
    return f"| {first} | {' | '.join(runs)} |\n|{'---|' * (len(runs) + 1)}"


def _shown(verdict: Verdict) -> dict[str, Row]:
    """The rows that decide, by where they are of: of a part over many pairs those of the tuned-best ones."""
    parts: dict[str | None, list[Row]] = defaultdict(list)
    for row in verdict.rows:
        if row.decides:
            parts[row.details.get("part")].append(row)
    chosen = [row for rows in parts.values() for row in [each for each in rows if each.best] or rows]
    found = {_key(row): row for row in chosen}
    if len(found) < len(chosen):
        raise ValueError(f"rows of {verdict.claim} share a name: {[_key(row) for row in chosen]}")
    return found


def _key(row: Row) -> str:
    part = row.details.get("part")
    return f"{f'{part}, ' if part else ''}{row.condition or row.where}"


def _cell(row: Row | None) -> str:
    if row is None:
        return "–"
    if row.effect.value is None:
        return f"{row.verdict} ({text(f'claims.reasons.{row.reason}', 'en')})"
    return f"{row.verdict}: {effect_value(row.effect.unit, row.effect.value)} {interval(row.effect.ci95)}, n = {row.n}"


def _counts(rows: Iterable[Row]) -> str:
    found = Counter(row.verdict for row in rows if row.decides)
    return ", ".join(f"{found[word]} {word}" for word in ANSWERS if found[word]) or "nothing decides"


def main(path: Path = PAGE) -> Sequence[str]:
    """Write the page; the names of the runs that it is of."""
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
    return list(reference())


if __name__ == "__main__":
    print(*main())
