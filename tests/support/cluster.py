"""A cluster in this process: tasks advance by a message a call, and can be lost, held up or made to come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from carousel.experiments.runner.cluster.inputs import outputs_of
from carousel.experiments.runner.cluster.messages import Bundle, Ended, Lost, Message, Nodes, decode, encode
from carousel.experiments.runner.cluster.node import DoJobs, work


class FakeCluster:
    """As many tasks at once as it has slots. Every message goes through its line of JSON. on: sees each before it is
    handed over, and may give another, or several."""

    def __init__(self, folder: Path, do: DoJobs, slots: int = 2):
        self.folder, self.do, self.n = folder, do, slots
        self.bundles: dict[int, Bundle] = {}
        self.cancelled: list[int] = []
        self.nodes, self.left_out = {"here": slots}, list[str]()
        self.on: Callable[[int, Message], list[tuple[int, Message]]] = lambda lease, message: [(lease, message)]
        self._tasks: dict[int, Iterator[Message]] = {}
        self._late: list[tuple[int, Message]] = []

    def slots(self) -> int:
        return self.n

    def submit(self, lease: int, bundle: Bundle) -> None:
        self.bundles[lease] = bundle
        self._tasks[lease] = work(bundle, lambda path: (self.folder / path).read_bytes(), self.do)

    def cancel(self, lease: int) -> None:
        self.cancelled.append(lease)
        self._tasks.pop(lease, None)

    def leave_out(self, machine: str) -> None:
        self.left_out.append(machine)

    def lose(self, lease: int, by: str) -> None:
        """The task is gone by the next call. Its thread is in this process, as that of whoever does its jobs again: it
        is waited for."""
        for _ in self._tasks.pop(lease, ()):
            pass
        self._late.append((lease, Lost(by)))

    def say_late(self, lease: int, message: Message) -> None:
        """As a node that comes back after a partition."""
        self._late.append((lease, message))

    def messages(self) -> list[tuple[int, Message]]:
        found: list[tuple[int, Message]] = [(0, Nodes(self.nodes)), *self._late]
        self._late = []
        for lease in sorted(self._tasks)[: self.n]:
            message = next(self._tasks[lease], None)
            if message is None or isinstance(message, Ended):
                self._tasks.pop(lease)
            if message is not None:
                found += self.on(lease, message)
        return [decode(encode(lease, message)) for lease, message in found]

    def close(self) -> None:
        self._tasks.clear()


def record_of(job: dict[str, Any], name: str, folder: Any) -> dict[str, Any]:
    """A simulated result: a table, and a record that says where it came from."""
    path = folder.path / outputs_of(name)[0]
    folder.write(path, name.encode())
    return {"trial": {"seed": job.get("seed")}}
