"""The lab page as it is read: in Chromium, in both languages, wide and narrow, light and dark, by keyboard alone."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from carousel.common.texts import catalogue, text
from tests.support.browser import Watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
# Each with its number.
CHAPTERS = {
    "ask": 0,
    "forward": 1,
    "backward": 2,
    "length": 3,
    "matrix": 4,
    "cell": 5,
    "trap": 6,
    "four": 7,
    "race": 8,
    "gates": 9,
    "folklore": 10,
    "course": 12,
}
FIRST = "ask"
SHOW = ".plain"  # the button that tells without a guess


def reveal(page: Page) -> None:
    """Answer every question without a guess; an answer may bring the next."""
    while page.locator(SHOW).count():
        page.locator(SHOW).first.click()


def test_the_chapters_are_those_of_the_page(browser: Browser, file: Path) -> None:
    page = Watched(browser).open(file.as_uri())
    names = page.locator("nav button").all_inner_texts()
    assert names == [f"{n} {text(f'lab.{chapter}.name', 'en')}" for chapter, n in CHAPTERS.items()]


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize(  # each language at each width and in each scheme, at half the pages
    ("lang", "width", "scheme"),
    (("en", 390, "dark"), ("en", 1280, "light"), ("zh", 390, "light"), ("zh", 1280, "dark")),
)
def test_a_chapter_is_whole(chapter: str, lang: str, width: int, scheme: str, browser: Browser, file: Path) -> None:
    watched = Watched(browser, width, scheme)
    page = watched.open(f"{file.as_uri()}#chapter={chapter}&lang={lang}")
    assert page.locator("h1").inner_text().replace("\n", " ") == text(f"lab.{chapter}.title", lang)
    if chapter == "gates":
        page.locator("button.main").click()  # it trains first
        page.locator(SHOW).wait_for(timeout=180_000)
    assert page.locator(SHOW).count() == (chapter != "course"), "what is to be guessed must be asked before it is shown"
    reveal(page)
    shown = page.locator("main").inner_text()
    assert not any(wrong in shown for wrong in ("NaN", "undefined", "Infinity", "{", "lab."))
    assert page.evaluate("document.documentElement.scrollWidth") == width, "it scrolls sideways"
    assert page.evaluate(FAINT) == [], "text of less than 4.5:1"
    assert watched.errors == []
    assert watched.requested == [page.url.partition("#")[0]]
    page.close()


# Every piece of text whose colour differs from what is behind it by less than 4.5:1 (WCAG 2.2, 1.4.3).
FAINT = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll("#page *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.closest(":disabled")?.matches("footer button, :disabled:not(section *)")) continue;
    const style = getComputedStyle(element);
    const front = light(parts(element instanceof SVGElement ? style.fill : style.color));
    const back = light(behind(element));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) faint.push([element.textContent, ratio]);
  }
  return faint;
}"""


def test_from_a_static_host_it_asks_for_itself_alone(browser: Browser, file: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(file.parent))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        watched = Watched(browser)
        address = f"http://127.0.0.1:{server.server_port}/lab.html"
        page = watched.open(address)
        for chapter in [*CHAPTERS][1:]:
            page.get_by_role("button", name=text("lab.page.next", "en")).click()
            assert page.locator("h1").inner_text() == text(f"lab.{chapter}.title", "en")
            reveal(page)
        server.shutdown()
        thread.join()
    assert watched.requested == [address]
    assert watched.errors == []


@pytest.mark.parametrize(("locale", "lang"), (("zh-CN", "zh"), ("en-GB", "en"), ("de-DE", "en")))
def test_the_language_is_the_browsers(locale: str, lang: str, browser: Browser, file: Path) -> None:
    page = Watched(browser, locale=locale).open(file.as_uri())
    assert page.locator("h1").inner_text() == text(f"lab.{FIRST}.title", lang)
    assert page.evaluate("document.documentElement.lang") == {"en": "en", "zh": "zh-CN"}[lang]
    page.get_by_role("button", name={"en": "中文", "zh": "English"}[lang]).click()
    assert page.locator("h1").inner_text() == text(f"lab.{FIRST}.title", {"en": "zh", "zh": "en"}[lang])


def test_the_keyboard_alone_walks_through_a_chapter(browser: Browser, file: Path) -> None:
    page = Watched(browser).open(f"{file.as_uri()}#chapter=backward&t=5")

    def focused() -> str:
        found: str = page.evaluate("document.activeElement.innerText")
        return found

    def go_to(name: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if focused() == name:
                return
        raise AssertionError(f"Tab does not reach {name!r}")

    go_to("0.23")
    page.keyboard.press("Enter")
    assert text("lab.predict.right", "en") in page.locator("section:not(.ask)").inner_text()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert "step 1 of 5" in page.locator("main").inner_text()
    assert page.locator("ol[aria-label] li").first.inner_text().split("\n")[1] == "0.23"
    go_to("Next ›")
    page.keyboard.press("Enter")
    assert page.locator("h1").inner_text() == text("lab.length.title", "en")


def test_the_address_keeps_the_place_and_finds_it_again(browser: Browser, file: Path) -> None:
    page = Watched(browser).open(f"{file.as_uri()}#chapter=forward&t=2&w=-0.5&x=0.5,-1,2")
    assert "tanh(−0.5 · 0.46 + 1 · −1)" in page.locator(".work").inner_text()
    page.keyboard.press("ArrowRight")
    again = Watched(browser).open(page.url)
    # Without the practice, whose questions are drawn anew.
    assert again.locator(".work").inner_text() == page.locator(".work").inner_text()
    assert "step 3 of 3" in again.locator("main").inner_text()


@pytest.mark.parametrize("bad", ("chapter=nowhere", "t=99", "t=abc&w=1e9&T=-4", "x=1", "x=<b>", "lang=xx", "=&&==%"))
def test_a_wrong_address_shows_the_page_all_the_same(bad: str, browser: Browser, file: Path) -> None:
    watched = Watched(browser)
    page = watched.open(f"{file.as_uri()}#{bad}")
    assert page.locator("h1").inner_text() == text(f"lab.{FIRST}.title", "en")
    reveal(page)
    assert "NaN" not in page.locator("main").inner_text()
    assert watched.errors == []


@pytest.mark.parametrize(
    ("typed", "key", "part"),
    (
        ("1, two, 3", "number", "two"),
        ("1, NaN", "number", "NaN"),
        ("1, 1e9", "number", "1e9"),
        ("1", "short", ""),
        ("", "short", ""),
        ("1,2,3,4,5,6,7,8,9", "long", "9"),
    ),
)
def test_a_wrong_sequence_is_a_sentence(typed: str, key: str, part: str, browser: Browser, file: Path) -> None:
    page = Watched(browser).open(f"{file.as_uri()}#chapter=forward")
    before = page.locator("ol[aria-label]").inner_text()
    field = page.get_by_label(text("lab.sequence.label", "en"))
    field.fill(typed)
    wanted = catalogue("en")[f"lab.sequence.{key}"].format(part=part, most=8)
    assert page.locator(".wrong").inner_text() == wanted
    assert page.locator("ol[aria-label]").inner_text() == before
    field.fill("1；2， 3")
    assert page.locator(".wrong").inner_text() == ""
    assert page.locator("ol[aria-label] button").count() == 3


def test_the_numbers_on_the_page_are_those_of_torch(browser: Browser, file: Path) -> None:
    """Chapter 2 on a sequence of the reader's: every gradient and every factor, beside autograd's."""
    x, w = [0.5, -1.0, 2.0, 0.25], -1.5
    network = nn.RNN(1, 1, dtype=torch.float64, bias=False)
    network.weight_hh_l0.data.fill_(w)
    network.weight_ih_l0.data.fill_(0.75)
    h, states = torch.zeros(1, 1, dtype=torch.float64), []
    for value in x:
        h = torch.tanh(h @ network.weight_hh_l0.T + value * network.weight_ih_l0.T)
        h.retain_grad()
        states.append(h)
    h.backward()
    address = f"{file.as_uri()}#chapter=backward&t=1&w={w}&u=0.75&x={','.join(map(str, x))}"
    page = Watched(browser).open(address)
    reveal(page)
    nodes = [item.split("\n") for item in page.locator("ol[aria-label] button").all_inner_texts()]
    shown = [float(value.replace("−", "-")) for _, value in nodes]
    wanted = [state.grad.item() for state in states if state.grad is not None]
    assert shown == pytest.approx(wanted, rel=0.05, abs=0.005)
    assert network(torch.tensor(x, dtype=torch.float64).view(4, 1))[0][-1].item() == pytest.approx(h.item())
