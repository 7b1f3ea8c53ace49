"""A run as a static site, for any host under any path: index, report, lab page and raw tables. Files alone."""

from __future__ import annotations

import re
import shutil
from html import escape
from pathlib import Path

from carousel.common.errors import FolderConflict
from carousel.common.pages.own_page import check_free, mark, write_own
from carousel.common.texts import LANGUAGES, text
from carousel.page.lab import COMMAND, lab_page

_INDEX, _LAB, _REPORT, _TABLES = "index.html", "lab.html", "report.html", "tables"
_RAW = ("verdicts.json", "plan.toml", "environment.json")
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:17px/1.6 system-ui,sans-serif;max-width:40em;margin:2rem auto;padding:0 1rem}"
    "li{margin:.4rem 0}small{opacity:.8}"
)


def publish(run: Path | None, folder: Path, lang: str | None) -> Path:
    """Write the site into `folder` and return its index. run: None for the lesson alone.

    Raises FolderConflict where the folder holds something else, or the run has no report; and what `lab_page` raises.
    """
    index, page = folder / _INDEX, lab_page(lang, run)
    _check(folder, index)
    if run is not None and not (run / _REPORT).is_file():
        raise FolderConflict(f"{str(run)!r} holds no report", fix=f"carousel report {run}")
    write_own(folder / _LAB, page)
    files = _copied(run, folder) if run else []
    write_own(index, _index([_LAB, *files], run.resolve().name if run else None, lang))
    return index


def _check(folder: Path, index: Path) -> None:
    """A new folder, an empty one, or a site of ours."""
    check_free(index, COMMAND)
    if folder.is_dir() and not index.exists() and any(folder.iterdir()):
        raise FolderConflict(f"{str(folder)!r} holds something else", fix="name another folder")


def _copied(run: Path, folder: Path) -> list[str]:
    """What was copied, as the index names it."""
    write_own(folder / _REPORT, _linked((run / _REPORT).read_text(encoding="utf-8")))
    raw = [name for name in _RAW if (run / name).is_file()]
    tables = sorted(path.name for path in (run / _TABLES).glob("*.csv"))
    (folder / _TABLES).mkdir(exist_ok=True)
    for name in raw:
        shutil.copyfile(run / name, folder / name)
    for name in tables:
        shutil.copyfile(run / _TABLES / name, folder / _TABLES / name)
    return [_REPORT, *raw, *(f"{_TABLES}/{name}" for name in tables)]


def _linked(report: str) -> str:
    """The report with a way to the lab page beside it."""
    says = " · ".join(escape(text("site.lab", lang)) for lang in LANGUAGES)
    link = f'<p style="max-width:60em;margin:1rem auto;padding:0 1rem"><a href="{_LAB}">{says}</a></p>'
    return re.sub(r"<body[^>]*>", lambda body: body[0] + link, report, count=1)


def _index(files: list[str], run: str | None, lang: str | None) -> str:
    """In the language, or in both one below the other."""
    languages = (lang,) if lang else LANGUAGES
    title = run or text("site.title", languages[0])
    blocks = "\n".join(_block(files, each) for each in languages)
    return (
        f'<!doctype html>\n<html lang="{languages[0]}">\n<head>\n<meta charset="utf-8">\n{mark(COMMAND)}\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n{blocks}\n"
        "</body>\n</html>\n"
    )


def _block(files: list[str], lang: str) -> str:
    items = "\n".join(f'<li><a href="{escape(name)}">{escape(_says(name, lang))}</a></li>' for name in files)
    return f'<section lang="{lang}">\n<p>{escape(text("site.about", lang))}</p>\n<ul>\n{items}\n</ul>\n</section>'


def _says(name: str, lang: str) -> str:
    known = {_LAB: "site.lab", _REPORT: "site.report"}
    return text(known[name], lang) if name in known else name
