"""Write docs/columns.md from the declarations in carousel.experiments.columns: `python scripts/write_columns.py`."""

from __future__ import annotations

from pathlib import Path

from carousel.experiments.report.tables.contenders import CONTENDERS
from carousel.experiments.tables import TABLES, Column, Table, columns

PAGE = Path(__file__).resolve().parents[1] / "docs" / "columns.md"
TYPES = {str: "text", float: "number", int: "whole number", bool: "true or false"}
HEAD = """# The columns of a run

What is read from a run folder: one frame a table, one row a thing measured, no NaN for what was not measured. A column
whose last cell is empty is never null. `trials`, `onset` and `contenders` are in `tables/*.csv`. Written from
`src/carousel/experiments/columns.py` by `scripts/write_columns.py`; a test compares.

A column that a folder lacks would read as null. So whoever renames a column raises `SCHEMA_VERSION` in
`src/carousel/experiments/runner/plan.py`: a folder of another version is refused.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_section(table) for table in (*TABLES, CONTENDERS))])


def _section(table: Table) -> str:
    head = "| column | type | what | unit | null: |\n|---|---|---|---|---|\n"
    return f"## `{table.name}`: {table.about} a row\n\n{head}" + "".join(map(_line, columns(table)))


def _line(column: Column) -> str:
    meaning, unit, null = (part.replace("|", "\\|").replace("*", "\\*") for part in column.about)
    return f"| `{column.name}` | {TYPES[column.type]} | {meaning} | {unit} | {null} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
