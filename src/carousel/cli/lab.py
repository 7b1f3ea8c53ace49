"""`carousel lab`: the lab page written, and opened in the browser where no file was named."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path

from carousel.cli.console import Console
from carousel.cli.language import of_this_command
from carousel.common.pages.own_page import check_free, write_own
from carousel.page.lab import COMMAND, lab_page


def lab(run: Path | None, out: Path | None, lang: str | None) -> None:
    """Write the page to `out`, or to a new temporary folder, and then show it. lang: None for that of the browser."""
    console, page = Console(lang or of_this_command()), lab_page(lang, run)
    path = out or Path(tempfile.mkdtemp(prefix="carousel-")) / "lab.html"
    check_free(path, COMMAND)
    write_own(path, page)
    console.say("cli.lab_written", path=path)
    if out is None and not _opened(path):
        console.say("cli.lab_not_opened")


def _opened(path: Path) -> bool:
    """Whether a browser took it; on a machine without a screen there may be none."""
    return webbrowser.open(path.absolute().as_uri())
