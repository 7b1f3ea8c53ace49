"""The race as a reader runs it: started, paused, stopped, judged at its end; and a browser that gives it no thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from carousel.common.texts import text
from carousel.page.lab import lab_page
from tests.page.test_lab_race import STEPS, raced
from tests.support.browser import Watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
ENTRANTS = ("rnn", "orthogonal", "lstm", "open")
NAMES = [text(f"lab.four.{entrant}", "en") for entrant in ENTRANTS]
PATIENCE = 120_000  # ms: for a machine that does much else


@pytest.fixture
def race(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Short sequences: a few seconds for a whole race."""
    watched = Watched(browser)
    yield watched.open(address(tmp_path))
    assert watched.errors == []
    watched.page.close()


def address(folder: Path) -> str:
    path = folder / "lab.html"
    path.write_text(lab_page("en"), encoding="utf-8")
    return f"{path.as_uri()}#chapter=race&T=5&seed=3"


def press(page: Page, key: str) -> None:
    page.get_by_role("button", name=text(f"lab.race.{key}", "en"), exact=True).click()


def steps(page: Page) -> list[int]:
    return [int(cell) for cell in page.locator("tbody >> nth=0").locator("td:nth-child(2)").all_inner_texts()]


def wait_for(page: Page, step: int) -> None:
    """Until every network has trained that long."""
    rows = "[...document.querySelector('tbody').rows]"
    script = f"step => {rows}.every((row) => +row.cells[1].innerText >= step)"
    page.wait_for_function(script, arg=step, timeout=PATIENCE)


def test_it_starts_pauses_goes_on_and_stops(race: Page) -> None:
    race.locator(".plain").click()
    assert steps(race) == [0, 0, 0, 0]
    press(race, "start")
    wait_for(race, 25)
    race.get_by_role("button", name="中文").click()  # it answers while it trains
    assert race.locator("h1").inner_text() == text("lab.race.title", "zh")
    race.get_by_role("button", name="English").click()
    press(race, "pause")
    race.wait_for_timeout(3000)  # what was under way is done
    paused = steps(race)
    assert all(25 <= step < STEPS for step in paused)
    race.wait_for_timeout(1000)
    assert steps(race) == paused
    press(race, "go_on")
    wait_for(race, max(paused) + 25)
    press(race, "stop")
    assert steps(race) == [0, 0, 0, 0]
    race.get_by_role("button", name=text("lab.race.start", "en"), exact=True).wait_for()


def test_the_end_judges_the_guess_by_what_was_learned(race: Page) -> None:
    race.get_by_role("button", name=NAMES[0], exact=True).click()
    asked = race.locator("section:not(.ask)")
    assert text("lab.race.open", "en") in asked.inner_text() and "✗" not in asked.inner_text()
    press(race, "start")
    wait_for(race, STEPS)
    learned = race.locator("tbody >> nth=0").locator("td:nth-child(5)").all_inner_texts()
    by_node = [raced(entrant, 3, [25] * (STEPS // 25), length=5) for entrant in ENTRANTS]
    wanted = [next((r["step"] for r in reports if r["accuracy"] >= 0.95), None) for reports in by_node]
    assert learned == [str(step) if step else "–" for step in wanted]
    first = min(step for step in wanted if step)
    assert text("lab.race.first", "en", name=NAMES[wanted.index(first)], step=first) in asked.inner_text()
    assert asked.get_by_text(f"✓ {NAMES[wanted.index(first)]}").count() == 1
    assert asked.get_by_text("✗").count() == (wanted.index(first) != 0)


def ended(page: Page) -> None:
    """All threads are, within a second or two: a busy one is ended a little later."""
    for _ in range(50):
        if not page.workers:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{len(page.workers)} threads go on")


def test_another_seed_and_another_chapter_end_the_threads(race: Page) -> None:
    race.locator(".plain").click()
    press(race, "start")
    wait_for(race, 25)
    race.get_by_label(text("lab.race.seed", "en")).press("ArrowRight")
    assert steps(race) == [0, 0, 0, 0]
    assert "seed=4" in race.url
    ended(race)
    press(race, "start")
    wait_for(race, 25)
    assert len(race.workers) == 4
    race.locator("footer button").first.click()
    ended(race)


def test_a_browser_without_threads_gives_a_sentence(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    refusing = "terminate() {} postMessage() { setTimeout(() => this.onerror()) }"
    page.add_init_script(f"window.Worker = class extends EventTarget {{ {refusing} }}")
    page.goto(address(tmp_path))
    page.locator(".plain").click()
    press(page, "start")
    assert page.get_by_role("alert").inner_text() == text("lab.race.failed", "en")
    page.close()
