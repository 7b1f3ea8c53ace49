"""Reference evidence: the standard budget on disjoint sets of seeds, kept in the package. `scripts/keep_reference.py`
writes it."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def reference_folders() -> tuple[Path, ...]:
    """The kept runs, one a set of seeds; each is read like a run folder."""
    return tuple(sorted(path for path in HERE.iterdir() if (path / "plan.toml").is_file()))
