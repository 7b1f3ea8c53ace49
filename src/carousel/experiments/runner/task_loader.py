"""From a source in a plan to a task that draws sequences."""

from __future__ import annotations

from carousel.experiments.data import DataTask, Prepared
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.tasks import Task, task
from carousel.experiments.tasks.fixed_set import FixedSet
from carousel.experiments.training.description import Source, TaskSource


def built_in(source: TaskSource, length: int) -> Task:
    """The task of a source at T = length, endless or with a training set of so many sequences."""
    endless = task(source.built_in, length)
    return endless if source.sequences is None else FixedSet(endless, source.sequences)


class Sources:
    """The tasks of one run folder, each made once in a process."""

    def __init__(self, folder: RunFolder | None, data: Prepared | None = None):
        self._folder, self._data = folder, data
        self._made: dict[tuple[str, int], Task] = {}
        self._last: tuple[int, Prepared] | None = None

    @classmethod
    def of(cls, data: Prepared | None) -> Sources:
        """The tasks of a design that has no folder yet."""
        return cls(None, data)

    def task(self, source: Source, length: int, split: int | None = None) -> Task:
        """The built-in task at T = length, or the user's file seen through its last `length` steps (0: all), under the
        split of a reporting seed (None: that of tuning)."""
        if split is not None:
            return DataTask(self._split(split), history=length)
        key = (source.name, length)
        if key not in self._made:
            self._made[key] = self._make(source, length)
        return self._made[key]

    def whole(self, length: int) -> DataTask:
        """The user's file, not split."""
        assert self._folder is not None  # it is trained on in a folder
        return DataTask(Prepared.load(self._folder.whole), history=length)

    def prepared(self, split: int | None) -> Prepared:
        """The user's file under the split of a reporting seed (None: that of tuning), as it was prepared."""
        return self._of_tuning() if split is None else self._split(split)

    def _make(self, source: Source, length: int) -> Task:
        if isinstance(source, TaskSource):
            return built_in(source, length)
        return DataTask(self._of_tuning(), history=length)

    def _of_tuning(self) -> Prepared:
        if self._data is None:
            assert self._folder is not None  # `of` gives the data where there is no folder
            self._data = Prepared.load(self._folder.data)
        return self._data

    def _split(self, seed: int) -> Prepared:
        """The last one only is kept: each may be as large as the file."""
        assert self._folder is not None  # reporting trials run from a folder
        if self._last is None or self._last[0] != seed:
            self._last = seed, Prepared.load(self._folder.split(seed))
        return self._last[1]
