"""The lab page as a file: one, small, asking for nothing, in two languages; and the command that writes it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from carousel.common.errors import UnknownName
from carousel.common.texts import LANGUAGES, catalogue
from carousel.page.lab import built, lab_page
from tests.support.node import WEB

MOST = 1_000_000  # bytes
SOURCES = [path for kind in ("*.ts", "*.svelte") for path in (WEB / "src").rglob(kind)]


def command(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    typed = [sys.executable, "-c", "from carousel.cli.app import main; main()", "lab", *arguments]
    return subprocess.run(typed, cwd=cwd, capture_output=True, text=True, env=env, check=False)


def test_one_file_that_names_no_address() -> None:
    page = lab_page()
    assert len(page.encode()) < MOST
    assert "default-src 'none'" in page
    addresses = set(re.findall(r"https?://[\w./-]+", page))
    namespaces = {a for a in addresses if a.startswith("http://www.w3.org/")}
    # Svelte's messages name pages of its manual; none is fetched (test_lab_browser watches all requests).
    assert addresses - namespaces <= {a for a in addresses if a.startswith("https://svelte.dev/e/")}


def test_both_languages_are_in_it_and_no_text_can_end_the_element() -> None:
    (given,) = re.findall(r'<script type="application/json" id="given">(.*?)</script>', lab_page("zh"))
    filled = json.loads(given)
    assert filled["lang"] == "zh"
    for lang in LANGUAGES:
        assert filled["texts"][lang] == {k: v for k, v in catalogue(lang).items() if k.startswith("lab.")}
    assert "<" not in given


def test_the_language_is_left_to_the_browser_or_is_one_of_ours() -> None:
    assert '"lang": null' in lab_page()
    with pytest.raises(UnknownName, match="language"):
        lab_page("fr")


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    asked = set(re.findall(r'(?:\bt\(|wrong: )\s*"([\w.]+)"', source))
    asked |= {key for both in re.findall(r't\([^()"`]+\? "([\w.]+)" : "([\w.]+)"', source) for key in both}
    shapes = [shape.replace(".", r"\.") for shape in re.findall(r"\bt\(`([^`]+)`", source)]
    patterns = [re.compile(re.sub(r"\$\{[^}]+\}", r"\\w+", shape)) for shape in shapes]
    there = {key.removeprefix("lab.") for key in catalogue("en") if key.startswith("lab.")}
    assert asked - there == set()
    assert {key for key in there - asked if not any(p.fullmatch(key) for p in patterns)} == set()


def test_it_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    done = command("--out", "deep/lab.html", "--lang", "zh", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "deep/lab.html" in done.stdout
    assert (tmp_path / "deep" / "lab.html").read_text(encoding="utf-8") == lab_page("zh")
    assert command("--out", "deep/lab.html", cwd=tmp_path).returncode == 0  # a page of ours is replaced


def test_without_a_file_it_is_opened_in_the_browser(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    done = command(cwd=tmp_path, env=os.environ | {"BROWSER": str(browser), "TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    shown = Path(opened.read_text().strip().removeprefix("file://"))
    assert shown.read_text(encoding="utf-8") == lab_page()


@pytest.mark.parametrize(
    ("arguments", "said"),
    (
        (("--lang", "fr"), "language"),
        (("--out", "mine.html"), "was not written by carousel lab"),
        (("--out", "."), "cannot write"),
        (("--out", "mine.html/lab.html"), "cannot write"),
    ),
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("<p>mine</p>")
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "mine.html").read_text() == "<p>mine</p>"


@pytest.mark.slow
def test_the_page_is_what_its_source_builds(tmp_path: Path) -> None:
    """Types checked, then built anew and compared, byte for byte: no page is shipped that its source does not say."""
    assert (WEB / "node_modules").is_dir(), "what builds the page is not installed; fix: make check installs it"
    bin_ = str(Path(sys.executable).parent)
    env = os.environ | {"PATH": f"{bin_}:{os.environ['PATH']}", "LAB_PAGE": str(tmp_path / "lab.html")}
    for script in ("check", "build"):
        done = subprocess.run(["npm", "run", script], cwd=WEB, capture_output=True, text=True, env=env, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "lab.html").read_text(encoding="utf-8") == built(), "fix: make page"
