"""The end of the bridge that Ray is in: submits bundles, passes on what their tasks say.

Started as `python -m carousel.experiments.runner.cluster.ray.child ADDRESS MODULE:FUNCTION [MOST]`, with lines of JSON
on standard input and output. MOST: tasks that train get a share of a GPU, and so many (0: any number) run at a time. It
ends with its parent, and its tasks end with it.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import NodeDiedError, OutOfMemoryError, RayError, RayTaskError, TaskCancelledError

from carousel.experiments.runner.cluster.messages import Bundle, Ended, Lost, Message, Nodes, Started, encode
from carousel.experiments.runner.cluster.ray.cards import Cards
from carousel.experiments.runner.cluster.ray.nodes import alive, last_line, look_at_nodes, of_machines, slots
from carousel.experiments.runner.cluster.ray.task import run_bundle
from carousel.experiments.runner.cluster.ray.whereabouts import Whereabouts

_NUMBER = "ray.io/node-id"  # a label that Ray gives every node
_POLL_SECONDS = 0.05
_NODES_EVERY = 1.0
_ANSWERING = 20.0  # seconds that the head may take to say that it is there


def main(address: str, do: str, most: str | None = None) -> None:
    """Connect, look at every node, then pass on until the parent is gone."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what Ray prints is not for the parent
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(commands,), daemon=True).start()
    try:
        if address != "auto":
            _await_head(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        sys.exit(" ".join(str(error).split()))
    for lease, message in look_at_nodes():
        print(encode(lease, message), file=out)
    _Tasks(do, None if most is None else int(most)).pass_on(commands, out)


def _await_head(address: str) -> None:
    """`init` would try for minutes."""
    asking = threading.Thread(target=ray._raylet.GcsClient, kwargs={"address": address}, daemon=True)
    asking.start()
    asking.join(_ANSWERING)
    if asking.is_alive():
        print(f"no answer within {_ANSWERING:.0f} seconds", file=sys.stderr, flush=True)
        os._exit(1)  # the thread would hold the process


def _read(commands: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        commands.put(json.loads(line))
    os._exit(0)


class _Tasks:
    """The tasks that run or wait, by lease. most: at a time, where trainings are for GPUs."""

    def __init__(self, do: str, most: int | None):
        self._cards, self._do = Cards(most), do
        remote = partial(ray.remote, num_cpus=1, max_retries=0, num_returns="streaming")
        self._run = remote()(run_bundle)
        # Ray ends the process after each task: its GPU is chosen before torch looks at any
        self._run_on_card = remote(num_gpus=1)(run_bundle)
        self._leases: dict[Any, int] = {}
        self._inputs: dict[str, Any] = {}
        self._left_out: set[str] = set()
        self._refused: list[tuple[int, Message]] = []
        self._tasks_at = Whereabouts()
        self._told, self._there = 0.0, set[str]()

    def pass_on(self, commands: queue.SimpleQueue[dict[str, Any]], out: Any) -> None:
        """For ever."""
        while True:
            for _ in range(commands.qsize()):
                self._obey(commands.get())
            for lease, message in (*self._news(), *self._nodes()):
                print(encode(lease, message), file=out)

    def _nodes(self) -> Iterator[tuple[int, Message]]:
        """Now and then the nodes, and the tasks of those that the cluster has given up: Ray does not say that they are
        lost while the connection to a node that was cut off is open. One that comes back it ends."""
        if time.monotonic() < self._told + _NODES_EVERY:
            return
        self._told = time.monotonic()
        self._cards.see()
        yield 0, Nodes(slots(self._cards.share))
        there = alive()
        gone, self._there = self._there - there, there
        if gone:
            lost = self._tasks_at.elsewhere(there)
            waited = [lease for lease in self._waiting() if lease not in lost]
            for lease, by in (*((each, "node") for each in lost), *((each, "cluster") for each in waited)):
                self._cancel(lease)  # one that waited may have been on its way there
                yield lease, Lost(by, "the cluster has given a node up")
        for lease in self._cards.unfit(self._waiting()):
            self._cancel(lease)
            yield lease, Lost("cluster", "tasks get another share of a GPU by now")

    def _waiting(self) -> list[int]:
        return [lease for lease in self._leases.values() if not self._tasks_at.knows(lease)]

    def _obey(self, command: dict[str, Any]) -> None:
        if "cancel" in command:
            self._cancel(command["cancel"])
            return
        if "leave_out" in command:
            self._left_out.add(command["leave_out"])
            return
        bundle = Bundle(**command["bundle"])
        try:
            inputs = {path: self._input(Path(command["folder"]), path) for path in bundle.inputs}
        except OSError as error:
            self._refused.append((command["lease"], Lost("error", str(error))))
            return
        share = self._cards.give(command["lease"], bundle.on_card)
        task = self._elsewhere(share).remote(command["bundle"], inputs, self._do, share)
        self._leases[task] = command["lease"]

    def _elsewhere(self, share: float) -> Any:
        """What runs a bundle with a share of a GPU, on none of the machines that are left out."""
        numbers = of_machines(self._left_out) if self._left_out else []
        where = {"label_selector": {_NUMBER: f"!in({', '.join(numbers)})"}} if numbers else {}
        if share:
            return self._run_on_card.options(num_gpus=share, **where)
        return self._run.options(**where) if where else self._run

    def _cancel(self, lease: int) -> None:
        self._tasks_at.ended(lease)
        for task in [task for task, held in self._leases.items() if held == lease]:
            del self._leases[task]
            ray.cancel(task, force=True)

    def _input(self, folder: Path, path: str) -> Any:
        """A reference to the content of a file of the run folder, put into the object store once."""
        if path not in self._inputs:
            self._inputs[path] = ray.put((folder / path).read_bytes())
        return self._inputs[path]

    def _news(self) -> Iterator[tuple[int, Message]]:
        yield from self._refused
        self._refused = []
        yield from self._tasks_at.found()
        if not self._leases:
            time.sleep(_POLL_SECONDS)
            return
        tasks = list(self._leases)
        ready, _ = ray.wait(tasks, num_returns=len(tasks), timeout=_POLL_SECONDS)
        for task in ready:
            message = _next(task)
            if message is not None and not self._held_back(self._leases[task], message):
                yield self._leases[task], message
            if message is None or isinstance(message, Ended | Lost):
                del self._leases[task]

    def _held_back(self, lease: int, message: Message) -> bool:
        """A death is told once it is known what it was of."""
        self._cards.hear(lease, message)
        if isinstance(message, Started):
            self._tasks_at.began(lease, message)
        elif isinstance(message, Lost) and message.by == "worker":
            return self._tasks_at.look_into(lease, message)
        elif isinstance(message, Ended | Lost):
            self._tasks_at.ended(lease)
        return False


def _next(task: Any) -> Message | None:
    """What a task says next; None where it has said all."""
    try:
        return ray.get(next(task))  # type: ignore[no-any-return]
    except StopIteration:
        return None
    except NodeDiedError as error:
        return Lost("node", last_line(error))
    except OutOfMemoryError as error:
        return Lost("memory", last_line(error))
    except (RayTaskError, TaskCancelledError) as error:
        return Lost("error", last_line(error))
    except RayError as error:
        return Lost("worker", last_line(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
