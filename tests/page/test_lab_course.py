"""The course of the lab page as it is taken: practised, handed in, marked by the command, kept, carried away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from carousel.cli.app import app
from carousel.common.errors import BadData, BadPlan
from carousel.common.texts import LANGUAGES, text
from carousel.page.answers import answer_of
from carousel.page.marking import marked
from carousel.page.questions import Question, paper, templates
from tests.support.browser import Watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

SEED = 7
ANSWER, ANOTHER = text("lab.course.answer", "en"), text("lab.course.another", "en")


def result(**changes: Any) -> dict[str, Any]:
    """A paper with every answer right."""
    questions = [each._asdict() | {"answer": answer_of(each), "right": True} for each in paper(SEED)]
    return {
        "carousel": "paper",
        "version": 1,
        "seed": SEED,
        "name": "Ada",
        "day": "2026-11-29",
        "answers": questions,
    } | changes


def written(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_results_are_marked_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cheated = result(name="Bob")
    cheated["answers"][2]["answer"] = 1e9  # and the file still says that it is right
    files = [written(tmp_path / "ada.json", result()), written(tmp_path / "bob.json", cheated)]
    app(["lab", "mark", *map(str, files), "--lang", "en"], standalone_mode=False)
    ada, bob = capsys.readouterr().out.splitlines()[1:]
    assert ada.split()[:4] == ["Ada", "2026-11-29", str(SEED), "10/10"]
    assert text("cli.mark.same", "en") in ada
    assert "9/10" in bob and text("cli.mark.other", "en") in bob
    assert text(f"lab.{templates()[paper(SEED)[2].template]['chapter']}.name", "en") in bob
    assert marked(files[1]).right == [k != 2 for k in range(10)]


def test_what_is_no_result_is_one_line(tmp_path: Path) -> None:
    easier = result()
    easier["answers"][0] = easier["answers"][1]
    for wrong, said in (
        (result(version=2), "version"),
        (result(seed=0), "seed is out of range"),
        (result(answers=[]), "are not those of its paper"),
        (easier, "are not those of its paper"),
        ([1, 2], "no result of the lab page"),
    ):
        with pytest.raises(BadData, match=said):
            marked(written(tmp_path / "wrong.json", wrong))
    (tmp_path / "wrong.json").write_bytes(b"\xff{")
    with pytest.raises(BadData, match="no result of the lab page"):
        marked(tmp_path / "wrong.json")
    with pytest.raises(BadData, match="cannot read"):
        marked(tmp_path / "missing.json")
    with pytest.raises(BadPlan, match="no result was named"):
        app(["lab", "mark"], standalone_mode=False)
    with pytest.raises(BadPlan, match="shows one run"):
        app(["lab", "one", "two"], standalone_mode=False)


def give(section: Locator, question: Question, value: float) -> None:
    """Answer as a reader does."""
    kind = templates()[question.template]["kind"]
    if kind == "number":
        section.locator("input").fill(f"{value:.10g}")
        section.get_by_role("button", name=ANSWER).click()
    else:
        section.locator(".options button").nth(int(value) - (kind == "step")).click()


@pytest.mark.slow
def test_a_paper_is_handed_in_and_its_file_marked(browser: Browser, file: Path, tmp_path: Path) -> None:
    watched = Watched(browser, 390)
    page = watched.open(f"{file.as_uri()}#paper={SEED}&lang=en")
    for k, question in enumerate(paper(SEED)):
        right = answer_of(question)
        give(page.locator("section.ask").nth(k), question, right if k else right + 50)
    page.get_by_role("button", name=text("lab.course.finish", "en")).click()
    assert text("lab.course.score", "en", right=9, of=10) in page.locator(".work").inner_text()
    assert page.locator("section.missed").count() == 1
    page.get_by_label(text("lab.course.your_name", "en")).fill("Ada")
    with page.expect_download() as download:
        page.get_by_role("button", name=text("lab.course.save", "en")).click()
    download.value.save_as(tmp_path / "ada.json")
    found = marked(tmp_path / "ada.json")
    assert (found.name, found.seed, found.told, sum(found.right)) == ("Ada", SEED, True, 9)
    page.get_by_role("button", name=text("lab.course.look", "en")).first.click()
    assert page.locator("h1").inner_text() == text("lab.forward.title", "en")
    assert page.locator(".plain").count() == 0, "the view is shown that explains the answer"
    page.get_by_role("button", name=text("lab.course.back", "en")).click()
    assert page.locator("section.missed").count() == 1, "the paper is as it was left"
    assert watched.errors == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_template_is_asked_and_explained(lang: str, browser: Browser, file: Path) -> None:
    watched = Watched(browser)
    page = watched.open(file.as_uri())
    for chapter in dict.fromkeys(each["chapter"] for each in templates().values()):
        page.goto(f"{file.as_uri()}#chapter={chapter}&lang={lang}")
        for _ in [each for each in templates().values() if each["chapter"] == chapter]:
            section = page.locator("section.ask")
            number = section.locator("input").count()
            if number:
                section.locator("input").fill("12345")
            section.locator("form button, .options button").first.click()
            said = section.inner_text()
            assert text("lab.predict.wrong", lang) in said or (not number and text("lab.predict.right", lang) in said)
            assert not any(wrong in said for wrong in ("NaN", "undefined", "Infinity", "{", "lab."))
            page.get_by_role("button", name=text("lab.course.another", lang)).click()
    assert watched.errors == []
    page.close()


def progress(page: Page) -> list[str]:
    return page.locator("tbody tr").all_inner_texts()


@pytest.mark.slow
def test_progress_is_kept_saved_and_loaded(browser: Browser, file: Path, tmp_path: Path) -> None:
    page = Watched(browser).open(f"{file.as_uri()}#chapter=backward")
    page.locator("section.ask input").fill("12345")
    page.get_by_role("button", name=ANSWER).click()
    course = f"{file.as_uri()}#chapter=course"
    page.goto(course)
    page.reload()
    before = progress(page)
    assert "0 / 1" in before[2]
    with page.expect_download() as download:
        page.get_by_role("button", name=text("lab.course.export", "en")).click()
    download.value.save_as(tmp_path / "progress.json")
    page.evaluate("localStorage.clear()")
    page.reload()
    assert "0 / 1" not in progress(page)[2]
    (tmp_path / "other.json").write_text('{"version": 1, "read": 3}')
    page.locator("input[type=file]").set_input_files(tmp_path / "other.json")
    page.get_by_text(text("lab.course.refused", "en")).wait_for()
    page.locator("input[type=file]").set_input_files(tmp_path / "progress.json")
    page.get_by_text("0 / 1").wait_for()
    assert progress(page) == before
    page.close()


@pytest.mark.slow
def test_two_tabs_keep_one_progress(browser: Browser, file: Path) -> None:
    course, context = f"{file.as_uri()}#chapter=course&lang=en", browser.new_context()
    first, second = context.new_page(), context.new_page()
    for tab in (first, second):
        tab.goto(course)
    shared = text("lab.course.shared", "en")
    assert first.get_by_text(shared).count() == 0
    second.locator("tbody input").nth(1).check()
    first.get_by_text(shared).wait_for()
    first.locator("tbody input").nth(2).check()
    second.locator("tbody input:checked").nth(1).wait_for()
    assert progress(first) == progress(second)
    second.evaluate("localStorage.setItem('carousel-lab', 'half')")
    first.locator("tbody input").nth(3).check()  # writes all that it knows over what cannot be read
    first.reload()
    assert [box.is_checked() for box in first.locator("tbody input").all()[:5]] == [False, True, True, True, False]
    context.close()


@pytest.mark.slow
def test_without_storage_it_says_so_and_goes_on_and_a_sheet_is_printed(browser: Browser, file: Path) -> None:
    watched = Watched(browser)
    off = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('off', 'SecurityError'); } })"
    watched.page.add_init_script(off)
    page = watched.open(f"{file.as_uri()}#paper={SEED}")
    assert page.get_by_text(text("lab.course.no_storage", "en")).count() == 1
    page.locator("tbody input").first.check()
    assert "2" in progress(page)[0], "it has its day"
    page.get_by_role("button", name=text("lab.course.sheet", "en")).click()
    assert page.locator(".sheet ol").first.locator("li").count() == 6
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator(".sheet").is_visible()
    assert watched.errors == []
    page.close()
