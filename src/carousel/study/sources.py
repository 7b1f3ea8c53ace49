"""From a source in a plan to a task that draws sequences."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from carousel.data import DataTask, Prepared
from carousel.errors import FolderConflict
from carousel.study.folder import RunFolder
from carousel.tasks import Task, task
from carousel.training.description import Source, TaskSource


class Sources:
    """The tasks of one run folder, each made once in a process."""

    def __init__(self, folder: RunFolder | None, data: Prepared | None = None):
        self._folder, self._data = folder, data
        self.task = lru_cache(maxsize=None)(self._make)

    @classmethod
    def of(cls, data: Prepared | None) -> Sources:
        """The tasks of a design that has no folder yet."""
        return cls(None, data)

    def _make(self, source: Source, length: int) -> Task:
        """The built-in task at T = length, or the user's file seen through its last `length` steps (0: all)."""
        if isinstance(source, TaskSource):
            return task(source.name, length)
        if self._data is None:
            assert self._folder is not None  # `of` gives the data where there is no folder
            self._data = prepared(self._folder.data)
        return DataTask(self._data, history=length)


@lru_cache(maxsize=1)
def prepared(path: Path) -> Prepared:
    """The prepared file of a run folder. Raises FolderConflict where it is gone or damaged."""
    try:
        return Prepared.load(path)
    except (OSError, ValueError, KeyError) as error:
        raise FolderConflict(
            f"cannot read the prepared data {str(path)!r}", got=str(error), cure="start anew with another --out"
        ) from error
