"""What the site does to the pages beyond mkdocs: links between the languages.

On GitHub a page links to `X.zh.md`, the Chinese one. In the site each language is a tree of its own, with a
switch on top.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

SWITCH = re.compile(r"^\[(?:中文|English)\]\([\w./-]+\.md\)$\n?", re.MULTILINE)
CHINESE = re.compile(r"\[(?P<text>[^\]\[]*)\]\((?P<page>[\w./-]+)\.zh\.md(?P<anchor>#[^)]*)?\)")


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Without the line that switches the language; links to a Chinese page lead into the Chinese tree."""
    uris = {file.src_uri for file in files} | {uri for file in files for uri in _names(file)}
    here = PurePosixPath(page.file.src_uri).parent

    def linked(match: re.Match[str]) -> str:
        text, name, anchor = match["text"], match["page"], match["anchor"] or ""
        if config.theme["language"] == "zh":
            return f"[{text}]({name}.md{anchor})"
        if str(here / f"{name}.md") not in uris:
            raise FileNotFoundError(f"{page.file.src_uri} links to {name}.zh.md, which is no page")
        up = "../" * (len(here.parts))
        return f'<a href="{up}zh/{here / name}.html{anchor}" hreflang="zh">{text}</a>'

    return CHINESE.sub(linked, SWITCH.sub("", markdown))


def _names(file: Any) -> list[str]:
    return [other.src_uri for other in getattr(file, "alternates", {}).values()]
