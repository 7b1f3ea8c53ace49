"""A run as a few small files: its tables and verdicts, without what each training left step by step.

What is shipped as reference evidence, and what is worth keeping of a run whose folder is too large. It is read like a
run folder; it has no ledger, curves or weights.
"""

from __future__ import annotations

import polars as pl
import polars.selectors as cs

from carousel.common.files import writing_to
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.table_files import parquet, read_table
from carousel.experiments.tables import ONSETS, PROFILES, RIVALS, SLOPES, TRIALS, Table, columns

_TABLES = {"trials": TRIALS, "slopes": SLOPES, "onset": ONSETS}  # attributes of Evidence
_POLARS = {str: pl.String(), float: pl.Float64(), int: pl.Int64(), bool: pl.Boolean()}


def schema(table: Table) -> dict[str, pl.DataType]:
    """Name and type of each column, in order."""
    return {column.name: _POLARS[column.type] for column in columns(table)}


def keep(evidence: Evidence, folder: RunFolder) -> None:
    """Write the tables that rules read to `kept/` in a folder, fractions to single precision (7 digits).

    The folder is claimed for the run's plan: it must be new, or hold the same. Raises FolderConflict.
    """
    folder.claim_for(evidence.plan)
    folder.write_json(folder.environment, evidence.environment)
    with writing_to(folder.path):
        for name in (*_TABLES, *(() if evidence.rivals.is_empty() else ("rivals",))):
            single = getattr(evidence, name).with_columns(cs.float().cast(pl.Float32))
            folder.write(folder.kept(name), parquet(single, smallest=True))


def is_kept(folder: RunFolder) -> bool:
    """Whether the folder holds tables in place of a ledger."""
    return folder.kept("trials").is_file() and not folder.ledger.exists()


def load_kept(folder: RunFolder, plan: Plan, environment: dict[str, object]) -> Evidence:
    """The evidence that was kept. Raises FolderConflict where a table is absent or damaged."""
    trials, slopes, onset = (_read(folder, name, table) for name, table in _TABLES.items())
    rivals = _read(folder, "rivals", RIVALS) if folder.kept("rivals").is_file() else pl.DataFrame(schema=schema(RIVALS))
    profiles = pl.DataFrame(schema=schema(PROFILES))
    return Evidence(folder.path, plan, trials, profiles, slopes, onset, environment, rivals=rivals)


def _read(folder: RunFolder, name: str, table: Table) -> pl.DataFrame:
    return read_table(folder.kept(name), [pl.col(column).cast(kind) for column, kind in schema(table).items()])
