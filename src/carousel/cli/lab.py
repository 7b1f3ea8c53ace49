"""`carousel lab`: the page written, and opened where no file was named; `carousel lab mark FILES`."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path

from carousel.cli.console import Console
from carousel.cli.language import of_this_command
from carousel.common.errors import BadPlan
from carousel.common.pages.own_page import check_free, write_own
from carousel.page.lab import COMMAND, lab_page
from carousel.page.publish import publish

_MARK = Path("mark")


def lab(run: Path | None, files: list[Path], out: Path | None, site: Path | None, lang: str | None) -> None:
    """Write the page to `out`, or to a new temporary folder, and then show it. lang: None for that of the browser.
    site: a folder to write a static site into instead. Where `run` is the word mark: mark the results in `files`."""
    if run == _MARK and (files or not run.exists()):
        return _mark(files, lang)
    if files:
        raise BadPlan("carousel lab shows one run", got=" ".join(map(str, files)), fix="carousel lab RUN")
    if site is None:
        return _show(run, out, lang)
    if out is not None:
        raise BadPlan("--out and --publish say two places", fix="give one of them")
    return Console(lang or of_this_command()).say("cli.lab_published", path=publish(run, site, lang))


def _mark(files: list[Path], lang: str | None) -> None:
    from carousel.cli.mark import mark  # with torch, which the page alone does not need

    if not files:
        raise BadPlan("no result was named", fix="carousel lab mark FILE ...")
    mark(files, lang)


def _show(run: Path | None, out: Path | None, lang: str | None) -> None:
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
