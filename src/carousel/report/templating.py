"""The two templates, filled: HTML with every value escaped, Markdown with its special characters escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from carousel.report.view import Page
from carousel.texts import LANGUAGES, text

_SPECIAL = re.compile(r"([\\`*_\[\]|#])")


def html(pages: Mapping[str, Page], lang: str) -> str:
    """report.html: all languages in one file, `lang` the one that shows first."""
    style, script = (_own(name) for name in ("style.css", "page.js"))
    return _render("report.html.j2", True, pages=pages, default=lang, style=style, script=script)


def markdown(pages: Mapping[str, Page]) -> str:
    """report.md: one language after the other."""
    return _render("report.md.j2", False, pages=pages)


def _render(name: str, autoescape: bool, **values: object) -> str:
    environment = Environment(
        loader=PackageLoader("carousel.report"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(md=escape_markdown, drawn=Markup)
    return environment.get_template(name).render(languages=LANGUAGES, text=text, **values)


def escape_markdown(value: Any) -> str:
    """`value` so that Markdown shows it as it is, in one line: no markup, no HTML, no broken table."""
    line = _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _own(name: str) -> Markup:
    """A file of this package, trusted as it stands."""
    return Markup(resources.files("carousel.report").joinpath("templates", name).read_text(encoding="utf-8"))
