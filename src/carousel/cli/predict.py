"""`carousel predict`: what a run's network says of a new file, printed or written."""

from __future__ import annotations

from pathlib import Path

from carousel.cli.console import Console
from carousel.common.pages.numbers import fixed
from carousel.experiments.takeaway.predict import Predictions, predict
from carousel.experiments.takeaway.write import check_out, write_predictions

_MOST_ROWS = 30  # that are printed


def predictions(run: Path, new_file: Path, out: Path | None, level: float, as_json: bool, lang: str) -> None:
    """Print the table, or write it and the picture; and how far the answers may be off."""
    console = Console(lang, quiet=as_json)
    if out is not None:
        check_out(out, new_file)
    found = predict(run, new_file, level)
    if out is None:
        _print_table(console, found)
    else:
        console.say("take.predict.written", rows=found.table.height, path=out, picture=write_predictions(found, out))
    _print_coverage(console, found)
    if as_json:
        band = None if found.band is None else found.band.model_dump()
        console.json({"predictions": found.table.to_dicts(), "band": band})


def _print_table(console: Console, found: Predictions) -> None:
    shown = found.table.head(_MOST_ROWS)
    rows = [[fixed(cell) if isinstance(cell, float) else str(cell) for cell in row] for row in shown.iter_rows()]
    console.table(shown.columns, rows, left=1)
    if found.table.height > _MOST_ROWS:
        console.say("take.predict.more", shown=_MOST_ROWS, rows=found.table.height)


def _print_coverage(console: Console, found: Predictions) -> None:
    band = found.band
    if band is None:
        console.say("take.predict.no_band")
        return
    least, most = min(band.by_split), max(band.by_split)
    values = {"coverage": f"{band.coverage:.1%}", "splits": len(band.by_split), "least": f"{least:.1%}"}
    console.say("take.predict.band", level=f"{band.level:.0%}", most=f"{most:.1%}", **values)
