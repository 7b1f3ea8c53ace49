"""The run folder: where its files are, whose it is, and that one command at a time writes to it."""

from __future__ import annotations

import json
import stat
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from filelock import FileLock, Timeout

from carousel.common.damage import in_words
from carousel.common.errors import FolderConflict
from carousel.common.files import read_regular, remove_drafts, write_atomically, writing_to
from carousel.experiments.runner.plan import SCHEMA_VERSION, Plan

_FOLDERS = ("answers", "best", "figures", "flow", "kept", "splits", "tables", "trials", "weights")
_LEDGER = ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.sqlite-journal")
_FILES = (".lock", *_LEDGER, "plan.toml", "data.npz", "card.json", "environment.json", "progress.json", "verdicts.json",
          "report.html", "report.md")  # fmt: skip
_MOST_TEXT = 2**26  # bytes that are read of a plan or of JSON
Judged = TypeVar("Judged")

RESTORE = "restore it from a copy of the run folder, or run again with another --out; the folder is left as it is"


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
    def whole(self) -> Path:
        """The same, not split."""
        return self.path / "splits" / "whole.npz"

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

    @property
    def progress(self) -> Path:
        """How far the command was when it last wrote it."""
        return self.path / "progress.json"

    def curves(self, job: str) -> Path:
        """Step by step of a trial."""
        return self.path / "trials" / f"{job}.parquet"

    def flow(self, job: str) -> Path:
        """Lag profiles of a job, or exponents by gain."""
        return self.path / "flow" / f"{job}.parquet"

    def kept(self, table: str) -> Path:
        """A table of a run of which no more was kept."""
        return self.path / "kept" / f"{table}.parquet"

    def answers(self, job: str) -> Path:
        """What the networks that a refit stands for answered on their test parts."""
        return self.path / "answers" / f"{job}.parquet"

    def weights(self, job: str) -> Path:
        """The trained weights of a reporting trial."""
        return self.path / "weights" / f"{job}.safetensors"

    def load_plan(self) -> Plan:
        """The plan in the folder. Raises FolderConflict where there is none or it cannot be read."""
        try:
            found = tomllib.loads(read_regular(self.plan, _MOST_TEXT).decode("utf-8"))
            self._refuse_other_schema(found.get("schema_version", SCHEMA_VERSION))
            plan = Plan.model_validate(found)
            if flaw := plan.flaw():
                raise ValueError(f"its {flaw.replace('_', ' ')} cannot be run")
            return plan
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FolderConflict(f"{str(self.path)!r} is not the folder of a run: it holds no plan.toml") from error
        except (OSError, ValueError, RecursionError) as error:  # TOML, UTF-8 and the schema have ValueErrors too
            raise FolderConflict(f"cannot read {str(self.plan)!r}", got=in_words(error), fix=RESTORE) from error

    def load_json(self, path: Path) -> dict[str, Any] | None:
        """The object in environment.json or card.json; None where the file is absent. Raises FolderConflict."""
        try:
            found = json.loads(read_regular(path, _MOST_TEXT), parse_constant=_refuse_constant)
            if not isinstance(found, dict):
                raise ValueError("it holds no JSON object")
            return found
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise FolderConflict(f"cannot read {str(path)!r}", got=in_words(error), fix=RESTORE) from error

    def _refuse_other_schema(self, version: object) -> None:
        if version != SCHEMA_VERSION:
            raise FolderConflict(
                f"{str(self.path)!r} is a run of another version of Carousel",
                allowed=f"schema_version {SCHEMA_VERSION} in plan.toml",
                got=version,
                fix="read it with that version, or run it again with another --out",
            )

    def load_verdicts(self, read: Callable[[object], Judged]) -> Judged:
        """What `read` makes of the value of verdicts.json; it raises ValueError where that does not fit. Raises
        FolderConflict then, and where the run was not judged."""
        try:
            return read(json.loads(read_regular(self.verdicts, _MOST_TEXT), parse_constant=_refuse_constant))
        except (OSError, ValueError, RecursionError) as error:
            raise FolderConflict(
                f"{str(self.verdicts)!r} holds no verdicts of a finished run",
                got=in_words(error),
                fix=f"carousel report {self.path}",
            ) from error

    def check_own(self) -> None:
        """Raise FolderConflict for what no run has made where it writes: through a link it would write elsewhere."""
        for name in (*_FOLDERS, *_FILES):
            path, fits = self.path / name, stat.S_ISDIR if name in _FOLDERS else stat.S_ISREG
            try:
                mode = path.lstat().st_mode
            except (FileNotFoundError, NotADirectoryError):
                continue
            if not fits(mode):
                kind = "a link" if stat.S_ISLNK(mode) else "a folder" if stat.S_ISDIR(mode) else "not a folder"
                own = "a folder" if name in _FOLDERS else "a file"
                raise FolderConflict(
                    f"{str(path)!r} is {kind}, where a run has {own} of its own",
                    fix="move it away, or give another folder with --out; nothing was written",
                )

    def claim_for(self, plan: Plan) -> None:
        """Make the folder this plan's: create it, or see that it holds the same plan. Nothing there is overwritten."""
        with writing_to(self.path):
            if self.plan.exists():
                self._check_same(plan)
                return
            self._refuse_strangers()
            self.path.mkdir(parents=True, exist_ok=True)
            self.write(self.plan, tomli_w.dumps(plan.model_dump(mode="json", exclude_none=True)).encode())

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
                fix="give another folder with --out, or --plan with its plan.toml in place of other options",
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder: two commands must not run the same plan at once. The lock dies with its process.

        Nobody writes there when it is given back: what a kill has left half written is removed then."""
        with writing_to(self.path):
            self._refuse_strangers()  # before a lock is laid among them
            self.check_own()
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                held = FileLock(self.path / ".lock").acquire(timeout=0)
            except Timeout as error:
                fix = "wait for it, or give another --out"
                raise FolderConflict(f"another command is running in {str(self.path)!r}", fix=fix) from error
        with held:
            try:
                yield
            finally:
                for folder in (self.path, *(self.path / name for name in _FOLDERS)):
                    remove_drafts(folder)

    def write(self, path: Path, content: bytes) -> None:
        """Write a file of the run. Raises OSError.

        Its subfolder is made if need be. The run folder is not: moved or removed meanwhile, it must not be there again.
        """
        if path.parent != self.path:
            path.parent.mkdir(exist_ok=True)
        write_atomically(path, content)

    def write_json(self, path: Path, value: object) -> None:
        """Write plain data as indented JSON."""
        with writing_to(self.path):
            self.write(path, (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
