"""What a reader may change on the lab page: gates held, own networks raced and looked into, sequences typed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch.nn.functional import one_hot

from carousel import load_best
from carousel.common.texts import catalogue
from carousel.page.lab import lab_page
from tests.experiments.results.test_rebuild import make_best
from tests.page.test_lab_browser import FAINT, reveal
from tests.support.browser import Watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
PATIENCE = 300_000  # ms: for a machine that does much else


def says(key: str, lang: str = "en", **values: object) -> str:
    return catalogue(lang)[f"lab.{key}"].format(**values)


def whole(watched: Watched, width: int) -> None:
    """Nothing is cut off, faint or wrong."""
    shown = watched.page.locator("main").inner_text()
    assert not any(wrong in shown for wrong in ("NaN", "undefined", "Infinity", "{", "lab."))
    assert watched.page.evaluate("document.documentElement.scrollWidth") == width
    assert watched.page.evaluate(FAINT) == []
    assert watched.errors == []


def test_gates_are_held_and_networks_set_beside(browser: Browser, file: Path) -> None:
    watched = Watched(browser, 390, "dark")
    page = watched.open(f"{file.as_uri()}#chapter=9")
    page.locator("button.main").click()
    page.locator(".plain").wait_for(timeout=PATIENCE)
    reveal(page)
    right = page.locator(".work[role=status]")
    assert right.inner_text() == says("gates.right_now", right="100 %")
    page.get_by_role("button", name="i", exact=True).click()
    held = (
        page.locator("main table").first.locator("tr", has_text=says("gates.held", gate="i")).locator("td").inner_text()
    )
    assert right.inner_text() == says("gates.right_now", right=held) and held != "100 %"
    page.get_by_role("button", name=says("gates.nothing"), exact=True).click()
    page.get_by_role("button", name=says("gates.key_gone"), exact=True).click()
    assert int(right.inner_text().split(" %")[0].split()[-1]) < 30, "without its key it guesses"
    page.get_by_role("button", name=says("gates.redraw")).click()
    page.locator("button.main").click()
    page.locator(".plain").wait_for(timeout=PATIENCE)
    reveal(page)
    rows = [row.split("\t") for row in page.locator("main table").last.locator("tbody tr").all_inner_texts()]
    assert [row[0] for row in rows] == [
        says(f"gates.net_{name}") for name in ("one", "two", "orthogonal", "transformer")
    ]
    assert rows[0][2] == rows[3][2] == "100 %"
    assert page.locator("figure svg").count() == 3 + 2 + 4
    whole(watched, 390)
    page.close()


def test_chapter_seven_changes_and_goes_back(browser: Browser, file: Path) -> None:
    watched = Watched(browser)
    page = watched.open(f"{file.as_uri()}#chapter=7&T=12&k=11")
    reveal(page)
    table = page.locator("figure table")
    before = table.inner_text()
    page.get_by_label(says("four.scale")).press("ArrowRight")
    page.get_by_label(says("four.b")).press("ArrowRight")
    assert says("four.own", b="0.05") in table.inner_text() and "scale=1.05" in page.url
    page.locator("summary").click()
    page.locator("details tbody tr").first.wait_for()  # what is not drawn yet has no columns
    values = [row.split("\t")[1:] for row in page.locator("details tbody tr").all_inner_texts()]
    assert [len(row) for row in values] == [3] * 4
    page.get_by_role("button", name=says("four.as_started")).click()
    assert table.inner_text() == before
    orthogonal = page.locator("details tbody tr").nth(1).inner_text().split("\t")[1:]
    assert orthogonal[0].startswith("0.") and len(set(orthogonal)) == 3, "below 1 by the slope of tanh alone"
    whole(watched, 1280)
    page.close()


def test_a_fifth_network_is_raced_and_looked_into(browser: Browser, file: Path) -> None:
    watched = Watched(browser, 390)
    page = watched.open(f"{file.as_uri()}#chapter=race&T=5&rate=0.02&norm=2&cell=gru&start=chrono")
    reveal(page)
    assert "rate 0.02, gradients clipped to a norm of 2;" in page.locator("p.soft").last.inner_text()
    page.get_by_label(says("race.fifth")).select_option("lstm")
    page.get_by_label(says("race.start_of")).select_option("forget-bias")
    row = page.locator("tbody >> nth=0").locator("tr").last
    assert says("race.own", cell="lstm", start="forget-bias") in row.inner_text()
    page.locator("button.main").click()
    page.wait_for_function(
        "() => [...document.querySelector('tbody').rows].every((r) => +r.cells[1].innerText > 0)", timeout=PATIENCE
    )
    page.locator("button.main").click()
    row.get_by_role("button", name=says("race.look")).click()
    assert page.locator("h1").inner_text() == says("cell.title")
    inside = page.locator("#inside")
    assert says("race.own", cell="lstm", start="forget-bias") in inside.locator("h2").inner_text()
    assert inside.locator("tbody th").all_inner_texts() == [*"ifgohc"]
    whole(watched, 390)
    for chapter in ("6", "7"):
        page.evaluate(f"location.hash = 'chapter={chapter}'")
        reveal(page)
        assert says("race.inside_chart") in inside.inner_text()
    inside.get_by_role("button").last.click()
    assert inside.count() == 0
    page.close()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run."""
    folder = tmp_path_factory.mktemp("run")
    make_best(folder / "best")
    (folder / "lab.html").write_text(lab_page(run=folder), encoding="utf-8")
    return folder


def test_a_typed_sequence_is_answered_as_torch_answers_it(browser: Browser, own: Path) -> None:
    watched = Watched(browser, 390, "dark")
    page = watched.open(f"{(own / 'lab.html').as_uri()}#chapter=11")
    reveal(page)
    page.get_by_role("button", name=says("yours.type")).click()
    field, wrong = page.locator("textarea"), page.locator("p.wrong")
    symbols = [3, 10, 16, 9, 9]
    field.fill("3, 10，16 9\n9")
    network, _ = load_best(own)
    x = one_hot(torch.tensor(symbols) - 1, 16).float().unsqueeze(1)
    answer = says("yours.answers", answer=network(x).argmax().item() + 1)
    assert page.locator(".work").inner_text() == answer
    for typed, said in {
        "": says("yours.nothing"),
        "1, two": says("yours.no_number", part="two", line=2),
        "NaN": says("yours.no_number", part="NaN", line=1),
        "1 17": says("yours.no_symbol", part="17", line=2, inputs=16),
        "1.5": says("yours.no_symbol", part="1.5", line=1, inputs=16),
        "1 " * 201: says("yours.long", part=201, most=200),
    }.items():
        field.fill(typed)
        assert wrong.inner_text() == said
        assert page.locator(".work").inner_text() == answer
    file = own / "typed.csv"
    file.write_text("3,10,16,9,9\n", encoding="utf-8")
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_function("() => document.querySelector('p.wrong').innerText === ''")
    assert page.locator(".rasters svg").count() == 6
    whole(watched, 390)
    page.close()


def test_an_address_names_a_chapter_by_its_number_and_a_paper(browser: Browser, file: Path) -> None:
    page = Watched(browser).open(f"{file.as_uri()}#chapter=3&k=17")
    assert page.locator("h1").inner_text() == says("length.title")
    page = Watched(browser).open(f"{file.as_uri()}?paper=77")
    assert says("course.paper", seed=77) in page.locator("main").inner_text()


def test_nothing_moves_while_the_page_comes_up(browser: Browser, file: Path) -> None:
    page: Page = browser.new_page()
    page.add_init_script(
        "window.shifts = []; new PerformanceObserver((list) => shifts.push(...list.getEntries().map((e) => e.value)))"
        ".observe({ type: 'layout-shift', buffered: true })"
    )
    for chapter in range(11):
        page.goto(f"{file.as_uri()}#chapter={chapter}")
        page.reload()
        page.wait_for_selector("h1")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert sum(page.evaluate("shifts")) < 0.001, chapter
    assert page.evaluate("performance.getEntriesByType('paint').length") > 0
    page.close()
