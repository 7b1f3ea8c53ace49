"""What there is: tasks, contenders, claims, one line each."""

from __future__ import annotations

from carousel.cli.console import Console


def list_tasks(as_json: bool, lang: str) -> None:
    """The built-in tasks."""
    from carousel.experiments.tasks import TASKS

    Console(lang).listing("task", TASKS, as_json)


def list_contenders(as_json: bool, lang: str) -> None:
    """Names usable in --contenders."""
    from carousel.experiments.contenders.spec import SUGGESTED

    Console(lang).listing("contender", SUGGESTED, as_json)


def list_claims(as_json: bool, lang: str) -> None:
    """The claims."""
    from carousel.experiments.claims import all_claims

    console = Console(lang)
    if as_json:
        console.json([{"id": c.id, "statement": c.statement, "measures": c.measures} for c in all_claims()])
    else:
        console.lines(f"{c.id:<16} {c.statement[lang]}" for c in all_claims())
