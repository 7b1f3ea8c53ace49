"""The documentation site: built strictly in both languages, with every public name, and nothing from a network."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.browser import Watched, chromium

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
ENGLISH = {p.name for p in DOCS.glob("*.md") if not p.name.endswith(".zh.md")}
IN_CHINESE = ("index", "why", "guide", "data", "tutorial", "found", "take-away", "take-away-tutorial")
HAN = re.compile(r"[一-鿿]")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site. Without mkdocs (an extra of development) this fails; it does not skip."""
    assert importlib.util.find_spec("mkdocs"), "mkdocs is not installed; fix: make check installs it"
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class _Loaded(HTMLParser):
    """What a browser fetches by itself, and the identifiers on the page."""

    def __init__(self, page: Path):
        super().__init__()
        self.fetched: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given["id"]} if "id" in given else set()
        if tag in ("script", "img", "iframe", "source") and "src" in given:
            self.fetched.append(given["src"])
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preconnect", "preload"):
            self.fetched.append(given["href"])


@pytest.mark.slow
def test_every_page_is_there_in_both_trees(site: Path) -> None:
    for name in ENGLISH:
        assert (site / name).with_suffix(".html").is_file()
        assert (site / "zh" / name).with_suffix(".html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_CHINESE)
def test_the_pages_that_have_to_be_are_in_chinese(site: Path, name: str) -> None:
    body = (site / "zh" / f"{name}.html").read_text(encoding="utf-8").split("<article", 1)[1]
    assert len(HAN.findall(body.split("</article>")[0])) > 300


@pytest.mark.slow
def test_a_browser_fetches_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 50
    for page in pages:
        assert [url for url in _Loaded(page).fetched if re.match(r"(?:https?:)?//", url)] == [], page


@pytest.mark.slow
def test_every_public_name_has_its_docstring_in_the_site(site: Path) -> None:
    listed = re.findall(r"^\| `(carousel\.[\w.]+)` \|", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    ids = {found for page in (site / "api").glob("*.html") for found in _Loaded(page).ids}
    assert len(listed) > 60  # tests/test_docs.py holds this list to the package
    assert [name for name in listed if name not in ids and name != "carousel.__version__"] == []


@pytest.mark.slow
def test_a_link_to_a_chinese_page_leads_into_the_chinese_tree(site: Path) -> None:
    assert 'href="zh/why.html" hreflang="zh"' in (site / "guide.html").read_text(encoding="utf-8")
    chinese = (site / "zh" / "index.html").read_text(encoding="utf-8").split("<article", 1)[1].split("</article>")[0]
    assert 'href="why.html"' in chinese and ".zh.md" not in chinese


@pytest.mark.slow
def test_a_page_leads_a_chinese_browser_into_the_chinese_tree_until_the_reader_chooses(site: Path) -> None:
    address = (site / "api" / "errors.html").as_uri()
    with chromium() as browser:
        assert Watched(browser, locale="en-US").open(address).locator('html[lang="en"]').count() == 1
        page = Watched(browser, locale="zh-CN").open(address)
        page.wait_for_url("**/zh/api/errors.html")
        page.locator('a.md-select__link[hreflang="en"]').dispatch_event("click")
        page.wait_for_url("**/site*/api/errors.html")
        page.reload()
        assert page.locator('html[lang="en"]').count() == 1


@pytest.mark.slow
def test_the_search_index_holds_both_languages(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    texts = {entry["location"].split("#")[0]: entry["text"] for entry in index["docs"]}
    assert {"why.html", "zh/why.html"} <= set(texts)


def test_every_command_and_option_is_on_the_page_of_the_command_line() -> None:
    import typer.main

    from carousel.cli.app import app

    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        assert f"`carousel {name}`" in page
        options = [o for p in command.params for o in p.opts if o.startswith("--") and o != "--help"]
        assert [o for o in options if f"`{o}`" not in page] == [], name


@pytest.mark.parametrize("page", ["index", "guide", "data", "tutorial", "take-away", "take-away-tutorial"])
def test_a_chinese_page_has_the_english_ones_code(page: str) -> None:
    """The same blocks in the same order, but for comments and for what is printed in Chinese."""
    english, chinese = (_code(DOCS / f"{page}{suffix}.md") for suffix in ("", ".zh"))
    assert english and chinese == english


def _code(path: Path) -> list[str]:
    blocks = re.findall(r"```\w*\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    plain = [re.sub(r"\s*# .*", "", block).replace(" --lang zh", "") for block in blocks]
    return [block for block in plain if not re.match(r"Classifier[:：]|pump\.csv ?[(（]", block)]


@pytest.mark.parametrize("page", ["README.zh.md", *(f"docs/{n}.zh.md" for n in IN_CHINESE)])
def test_chinese_punctuation_is_of_full_width(page: str) -> None:
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r"[一-鿿][,;:?!(]", text) == []


@pytest.mark.parametrize("pair", [("README.md", "README.zh.md"), ("README.zh.md", "README.md")])
def test_each_readme_leads_to_the_other_and_to_why_first(pair: tuple[str, str]) -> None:
    here, other = pair
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / here).read_text(encoding="utf-8"))
    assert other in links[:2]
    assert next(link for link in links if "docs/" in link) == f"docs/why{'.zh' if 'zh' in here else ''}.md"
    assert [link for link in links if "://" not in link and not (ROOT / link.split("#")[0]).exists()] == []


@pytest.mark.parametrize("page", ["README.zh.md", *(f"docs/{n}.zh.md" for n in IN_CHINESE)])
def test_no_chinese_sentence_is_broken_into_lines(page: str) -> None:
    """A browser shows the end of a line as a space, which Chinese has none of."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r".*[一-鿿，。；：、）]\n[一-鿿`\[（].*", text) == []
