"""What there is: tasks, contenders, claims, example files, one line each."""

from __future__ import annotations

from collections.abc import Iterable

from carousel.cli.console import Console
from carousel.common.texts import both


def list_tasks(as_json: bool, lang: str) -> None:
    """The built-in tasks."""
    from carousel.experiments.tasks import TASKS

    _list("task", TASKS, as_json, lang)


def list_contenders(as_json: bool, lang: str) -> None:
    """Names usable in --contenders."""
    from carousel.experiments.contenders.spec import SUGGESTED

    _list("contender", SUGGESTED, as_json, lang)


def list_examples(as_json: bool, lang: str) -> None:
    """Names that `carousel example NAME` takes."""
    from carousel.experiments.examples import EXAMPLES

    _list("example", EXAMPLES, as_json, lang)


def list_claims(as_json: bool, lang: str) -> None:
    """The claims."""
    from carousel.experiments.claims import all_claims

    console = Console(lang)
    if as_json:
        console.json([{"id": c.id, "statement": c.statement, "measures": c.measures} for c in all_claims()])
    else:
        console.lines(f"{c.id:<16} {c.statement[lang]}" for c in all_claims())


def _list(kind: str, names: Iterable[str], as_json: bool, lang: str) -> None:
    """A name and a line of what it is; as JSON in every language."""
    console = Console(lang)
    summaries = {name: both(f"lists.{kind}.{name}") for name in names}
    if as_json:
        console.json([{"name": name, "summary": summary} for name, summary in summaries.items()])
    else:
        console.lines(f"{name:<22} {summary[lang]}" for name, summary in summaries.items())
