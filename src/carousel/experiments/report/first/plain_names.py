"""Networks and tasks as a person calls them: "a plain RNN", 普通 RNN. The command's name stands behind, once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from carousel.common.texts import catalogue, text
from carousel.experiments.report.first.words import COMMA
from carousel.experiments.runner.plan import Contender, Plan

Form = Literal["name", "label"]  # in a sentence, with its article; beside a picture, short


def network(made: Contender, lang: str, form: Form = "name") -> str:
    """The plain name of a contender, from the catalogue's longest key that begins its initialisation's name."""
    words, room = catalogue(lang), f"first.{form}.{made.cell}."
    known = [key.removeprefix(room) for key in words if key.startswith(room)]
    fitting = [init for init in known if made.init == init or made.init.startswith(f"{init}-")]
    plain = words[room + max(fitting, key=len, default="other")].format(init=made.init)
    return plain if made.layers == 1 else text("first.layers", lang, name=plain, layers=made.layers)


def task(plan: Plan, source: str, lang: str) -> str:
    """The plain name of a source: a built-in task's from the catalogue, a file's as it is."""
    found = plan.source(source)
    if found.kind == "file":
        return found.name
    plain = catalogue(lang).get(f"first.task.{found.built_in}", found.built_in)
    fixed = found.sequences
    return plain if fixed is None else text("first.fixed", lang, name=plain, sequences=fixed)


def listed(names: Iterable[str], lang: str) -> str:
    """ "a, b and c"."""
    *before, last = names
    return text("first.and", lang, before=COMMA[lang].join(before), last=last) if before else last
