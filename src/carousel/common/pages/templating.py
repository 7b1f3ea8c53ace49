"""Templates, filled: in HTML every value is escaped, in Markdown what goes through the filter `md`."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from carousel.common.texts import LANGUAGES, text

_SPECIAL = re.compile(r"([\\`*_\[\]|#])")


def filled(package: str, template: str, **values: object) -> str:
    """The template of that name in `package`'s folder `templates`, given `languages`, `text` and the values.

    "NAME.html.j2" is escaped but for what goes through `drawn` (our own SVG); "NAME.md.j2" is not, and uses `md`.
    A name that the values lack is an error.
    """
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=template.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(md=escape_markdown, drawn=Markup)
    return environment.get_template(template).render(languages=LANGUAGES, text=text, **values)


def escape_markdown(value: Any) -> str:
    """`value` so that Markdown shows it as it is, in one line: no markup, no HTML, no broken table."""
    line = _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def style() -> Markup:
    """The style sheet of all pages, to stand inside one."""
    return _own("style.css")


def script() -> Markup:
    """The script that switches languages, to stand inside a page."""
    return _own("page.js")


def _own(name: str) -> Markup:
    """A file of this package, trusted as it stands."""
    return Markup(resources.files("carousel.common.pages").joinpath("assets", name).read_text(encoding="utf-8"))
