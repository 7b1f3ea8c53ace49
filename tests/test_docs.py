"""The documents are held to the code: the glossary's names exist."""

from __future__ import annotations

import fnmatch
import importlib
import inspect
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "carousel"
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
FOLDERS = ("src", "tests", "docs", "benchmarks", "recipes", "scripts", "web/src", "web/test")
PAGES = [p for p in sorted((ROOT / "docs").glob("*.md")) if p.name not in {"log.md", "glossary.md"}]
TODAY, GIVEN_UP = GLOSSARY.split("\n## Words we used to use\n")
TEXTS = sorted(PACKAGE.rglob("*.en.toml"))


def _rows(text: str) -> list[list[str]]:
    """The cells of every row of every table, without its head."""
    lines = re.findall(r"^\|(?!---)(.+)\|$", text, re.MULTILINE)
    return [
        cells
        for line in lines
        if (cells := [c.strip() for c in line.split("|")])[0] not in {"English", "the word then"}
    ]


def _exists(name: str) -> bool:
    """A path in the package, or a name that can be reached from an import."""
    if "/" in name:
        return (PACKAGE / name).exists()
    module, *rest = name.split(".")
    found = importlib.import_module(module)
    for part in rest:
        module = f"{module}.{part}"
        if not hasattr(found, part):
            importlib.import_module(module)
        found = getattr(found, part)
    return found is not None


@pytest.mark.parametrize("cells", _rows(TODAY), ids=lambda cells: cells[0])
def test_the_glossary_gives_each_word_one_sentence_and_one_place(cells):
    _, chinese, meaning, where = cells
    assert re.search(r"[一-鿿]", chinese)
    assert meaning.endswith(".") and len(meaning.split()) <= 30
    assert _exists(where.strip("`"))


def test_the_glossary_has_no_word_twice():
    words = [cells[0] for cells in _rows(TODAY)]
    assert len(set(words)) == len(words)


def _public(module, prefix: str) -> set[str]:
    """Its export list; where it has none, the classes that it defines."""
    defined = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__ and n[0].isupper()]
    return {f"{prefix}.{name}" for name in getattr(module, "__all__", defined)}


def test_the_page_of_the_api_lists_every_public_name_once():
    import carousel

    public = _public(carousel, "carousel")
    for name in carousel.__all__:
        if inspect.ismodule(module := getattr(carousel, name)):
            public |= _public(module, f"carousel.{name}")
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(carousel\.[\w.]+)` \| .+\. \|$", page, re.MULTILINE)
    assert sorted(listed) == sorted(public)


def test_the_page_of_the_api_lists_every_field_of_a_conclusion():
    from carousel import Conclusion

    fields = {name for name in (*vars(Conclusion), *Conclusion.__dataclass_fields__) if not name.startswith("_")}
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    section = page.split("What a `Conclusion` has")[1].split("\n## ")[0]
    firsts = re.findall(r"^\| (`.+?) \| .+\. \|$", section, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)", " ".join(firsts))) == sorted(fields)


IN_A_RUN = ("answers", "trials", "flow", "weights", "best", "splits", "figures", "tables", "runs")
TO_BE_MADE = ("gru",)  # the claim of docs/adding-a-claim.md


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda p: p.name)
def test_paths_that_the_documents_name_exist(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    named = re.findall(r"`([a-z_]\w*(?:/[\w*]+)*/(?:[\w.*]+\.\w+)?)`", text)
    there = [f"/{p.relative_to(ROOT)}{'/' * p.is_dir()}" for top in FOLDERS for p in (ROOT / top).rglob("*")]
    missing = [n for n in named if n.split("/")[0] not in IN_A_RUN + TO_BE_MADE and not fnmatch.filter(there, f"*/{n}")]
    assert not missing


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES, *TEXTS], ids=lambda p: p.name)
def test_words_that_were_given_up_are_gone(page):
    given_up = [cells[0] for cells in _rows(GIVEN_UP.split("\nThese are ordinary words")[0])]
    text = re.sub(r"\s+", " ", page.read_text(encoding="utf-8"))
    met = [word for word in given_up if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE)]
    assert not met
