"""The language a page opens in, in Chromium: the address, else what the reader chose, else the browser's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from carousel.common.pages.templating import script
from tests.support.browser import Watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
TITLES = {"en": "Which?", "zh": "哪种？"}
PAGE = """<!doctype html><html lang="{own}"><meta charset="utf-8"><title>{title}</title>
<input type="radio" name="language" value="en" {en}><input type="radio" name="language" value="zh" {zh}>
<article class="en"><h1>Which?</h1></article><article class="zh"><h1>哪种？</h1></article>
<script>{script}</script></html>"""


def written(folder: Path, own: str) -> str:
    """The address of a page in both languages that opens in `own` where nothing else is said."""
    checked = {lang: "checked" if lang == own else "" for lang in TITLES}
    path = folder / "page.html"
    path.write_text(PAGE.format(own=own, title=TITLES[own], script=script(), **checked), encoding="utf-8")
    return path.as_uri()


def shown(page: Page) -> str:
    """The language shown: <html lang>, the switch and the title must agree on it."""
    lang = str(page.locator("html").get_attribute("lang"))
    assert (page.locator("input:checked").get_attribute("value"), page.title()) == (lang, TITLES[lang])
    return lang


@pytest.mark.parametrize(
    ("locale", "own", "address", "lang"),
    [
        ("zh-CN", "en", "", "zh"),
        ("zh-TW", "en", "", "zh"),
        ("en-US", "en", "", "en"),
        ("en-US", "zh", "", "zh"),
        ("zh-CN", "en", "#en", "en"),
        ("zh-CN", "zh", "#gates-en", "en"),
        ("en-US", "en", "#zh", "zh"),
    ],
)
def test_a_page_opens_in_the_language_of_the_reader(
    locale: str, own: str, address: str, lang: str, browser: Browser, tmp_path: Path
) -> None:
    watched = Watched(browser, locale=locale)
    assert shown(watched.open(written(tmp_path, own) + address)) == lang
    assert watched.errors == []


@pytest.mark.parametrize(("locale", "other"), [("zh-CN", "en"), ("en-US", "zh")])
def test_a_choice_is_kept_until_an_address_says_otherwise(
    locale: str, other: str, browser: Browser, tmp_path: Path
) -> None:
    watched, address = Watched(browser, locale=locale), written(tmp_path, "en")
    first = shown(watched.open(address))
    assert first != other
    watched.page.locator(f'input[value="{other}"]').check()
    assert shown(watched.page) == other
    watched.page.reload()
    assert shown(watched.page) == other
    watched.page.goto("about:blank")
    assert shown(watched.open(f"{address}#{first}")) == first
    assert watched.errors == []


def test_a_page_without_storage_still_switches(browser: Browser, tmp_path: Path) -> None:
    watched = Watched(browser, locale="zh-CN")
    refused = 'get() { throw new DOMException("no", "SecurityError"); }'
    watched.page.add_init_script(f'Object.defineProperty(window, "localStorage", {{{refused}}})')
    assert shown(watched.open(written(tmp_path, "en"))) == "zh"
    watched.page.locator('input[value="en"]').check()
    assert shown(watched.page) == "en"
    assert watched.errors == []
