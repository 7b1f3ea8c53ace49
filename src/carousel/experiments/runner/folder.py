"""The run folder: where its files are, whose it is, and that one command at a time writes to it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from filelock import FileLock, Timeout
from pydantic import ValidationError

from carousel.common.errors import FolderConflict
from carousel.common.files import write_text, writing_to
from carousel.experiments.runner.plan import SCHEMA_VERSION, Plan

VERDICTS_SCHEMA = 2  # of verdicts.json: 2 since it says `interim_analyses`


@dataclass(frozen=True)
class RunFolder:
    """The files of one run. It is the truth: copied to another machine, it can be read there."""

    path: Path

    @property
    def plan(self) -> Path:
        """The resolved plan, re-runnable."""
        return self.path / "plan.toml"

    @property
    def ledger(self) -> Path:
        """States, attempts and records of all jobs."""
        return self.path / "ledger.sqlite"

    @property
    def data(self) -> Path:
        """The user's file as prepared, under the split of tuning: arrays and data card."""
        return self.path / "data.npz"

    def split(self, seed: int) -> Path:
        """The same under the split of a reporting seed."""
        return self.path / "splits" / f"{seed}.npz"

    @property
    def card(self) -> Path:
        """The data card of the user's file."""
        return self.path / "card.json"

    @property
    def verdicts(self) -> Path:
        """The judgement."""
        return self.path / "verdicts.json"

    @property
    def environment(self) -> Path:
        """Versions, processor, kernels chosen and refused."""
        return self.path / "environment.json"

    def curves(self, job: str) -> Path:
        """Step by step of a trial."""
        return self.path / "trials" / f"{job}.parquet"

    def flow(self, job: str) -> Path:
        """Lag profiles of a job, or exponents by gain."""
        return self.path / "flow" / f"{job}.parquet"

    def weights(self, job: str) -> Path:
        """The trained weights of a reporting trial."""
        return self.path / "weights" / f"{job}.safetensors"

    def load_plan(self) -> Plan:
        """The plan in the folder. Raises FolderConflict where there is none or it cannot be read."""
        try:
            found = tomllib.loads(self.plan.read_text(encoding="utf-8"))
            self._refuse_other_schema(found.get("schema_version", SCHEMA_VERSION))
            return Plan.model_validate(found)
        except FileNotFoundError as error:
            raise FolderConflict(f"{str(self.path)!r} is not the folder of a run: it holds no plan.toml") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
            raise FolderConflict(f"cannot read {str(self.plan)!r}", got=str(error).splitlines()[0]) from error

    def _refuse_other_schema(self, version: object) -> None:
        if version != SCHEMA_VERSION:
            raise FolderConflict(
                f"{str(self.path)!r} is a run of another version of Carousel",
                allowed=f"schema_version {SCHEMA_VERSION} in plan.toml",
                got=version,
                fix="read it with that version, or run it again with another --out",
            )

    def load_verdicts(self, claims: Sequence[str]) -> dict[str, Any]:
        """The value of verdicts.json. claims: those that there are. Raises FolderConflict where the run was not judged
        for all of them, or by another version."""
        try:
            judgement = dict(json.loads(self.verdicts.read_text(encoding="utf-8")))
            if judgement["schema"] == VERDICTS_SCHEMA and [c["id"] for c in judgement["claims"]] == list(claims):
                return judgement
            reason = "it was written by another version"
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = str(error).splitlines()[0]
        raise FolderConflict(
            f"{str(self.verdicts)!r} holds no verdicts of a finished run",
            got=reason,
            fix=f"carousel report {self.path}",
        )

    def claim_for(self, plan: Plan) -> None:
        """Make the folder this plan's: create it, or see that it holds the same plan. Nothing there is overwritten."""
        with writing_to(self.path):
            if self.plan.exists():
                self._check_same(plan)
                return
            self._refuse_strangers()
            self.path.mkdir(parents=True, exist_ok=True)
            write_text(self.plan, tomli_w.dumps(plan.model_dump(mode="json", exclude_none=True)))

    def _refuse_strangers(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise FolderConflict(f"{str(self.path)!r} is a file", fix="give a new or empty folder with --out")
        if self.path.exists() and not self.plan.exists() and any(self._strangers()):
            fix = "give a new or empty folder with --out"
            raise FolderConflict(f"{str(self.path)!r} holds something else than a run", fix=fix)

    def _strangers(self) -> Iterator[Path]:
        """Files a run that was stopped before its plan was written cannot have left."""
        return (
            p for p in self.path.iterdir() if p.name not in (".lock", "data.npz") and not p.name.startswith(".plan")
        )

    def _check_same(self, plan: Plan) -> None:
        if self.load_plan().digest() != plan.digest():
            raise FolderConflict(
                f"{str(self.path)!r} holds a run of another plan",
                fix="give another folder with --out, or the options of that run (see its plan.toml)",
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder: two commands must not run the same plan at once. The lock dies with its process."""
        with writing_to(self.path):
            self._refuse_strangers()  # before a lock is laid among them
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                held = FileLock(self.path / ".lock").acquire(timeout=0)
            except Timeout as error:
                fix = "wait for it, or give another --out"
                raise FolderConflict(f"another command is running in {str(self.path)!r}", fix=fix) from error
        with held:
            yield

    def write_json(self, path: Path, value: object) -> None:
        """Write plain data as indented JSON."""
        with writing_to(self.path):
            write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
