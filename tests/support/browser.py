"""Debian's Chromium, driven by playwright, as a reader of the lab page would use it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Nothing that Chromium would ask of a network by itself.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser. Without it, or without playwright (an extra of development), this fails; it does not skip."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "chromium is not installed; fix: make check installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield browser
        browser.close()


class Watched:
    """A page, all that it asked for, and all that went wrong in it."""

    def __init__(self, browser: Browser, width: int = 1280, scheme: str = "light", locale: str = "en-US"):
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=scheme, locale=locale, reduced_motion="reduce"
        )
        self.requested: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self._ask(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def _ask(self, url: str) -> None:
        if not url.startswith("blob:"):  # what the page made itself: the code of its threads
            self.requested.append(url)

    def open(self, url: str) -> Page:
        self.page.goto(url)
        self.page.wait_for_selector("h1")
        return self.page
