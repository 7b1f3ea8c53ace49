"""The end of the bridge that is in the command: a cluster as the dispatcher knows it, through a child process.

Ray lives in the child alone: when the head of a cluster dies, Ray ends the process that it is in. The command goes on,
starts another child, and finds all tasks lost.
"""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from carousel.common.errors import BadPlan, CarouselError
from carousel.experiments.runner.cluster.messages import Bundle, Ended, Lost, Message, Nodes, Started, decode
from carousel.experiments.runner.machine import refuse_other_versions, versions
from carousel.experiments.runner.pool import import_path

_CHILD = "carousel.experiments.runner.cluster.ray.child"
DO_JOBS = "carousel.experiments.runner.jobs:do_jobs"
DO_JOBS_ON_CARD = "carousel.experiments.runner.jobs:do_jobs_on_card"
_CONNECTING = 180.0  # seconds until a cluster must have answered, with the versions of all nodes
_SILENCE = 60.0  # seconds without a word of a child that has answered: it speaks every second
_WAIT_FOR_IT = 600.0  # seconds that a lost cluster is waited for
_PREFIX = re.compile(r"^\[.*?\] (\S+\.cc:\d+: )?")  # of a line that Ray logs
_PAUSE = 5.0  # between attempts to reach it again


class RayCluster:
    """A Ray cluster. address: "HOST:PORT" of its head; None: the one that this machine is a node of.

    do: what does the jobs on a node, as "module:function"; None: those of a run; the benchmark has one that
    sleeps. on_card: tasks that train get a share of a GPU. most: tasks at a time; None: any number."""

    def __init__(self, address: str | None, do: str | None = None, on_card: bool = False, most: int | None = None):
        self._arguments = [address or "auto", do or (DO_JOBS_ON_CARD if on_card else DO_JOBS)]
        self._arguments += [str(most or 0)] if on_card else []
        self._on_card = on_card
        self._nodes = Nodes({})
        self._held: set[int] = set()
        self._left_out: set[str] = set()
        self._folder = ""
        self._child = Child(self._arguments)
        self._reached, self._lost_at, self._again = False, 0.0, 0.0

    def connect(self) -> None:
        """Wait until the cluster has answered, with the versions of every node. Raises BadPlan."""
        until = time.monotonic() + _CONNECTING
        while not self._reached:
            self._note(self._child.lines(wait=0.1))
            if not self._reached and not self._child.lives:
                raise _refusal(self._arguments[0], self._child.end())
            if time.monotonic() > until:
                raise _refusal(self._arguments[0], f"no answer within {_CONNECTING:.0f} seconds")
        if self._on_card and not self._nodes.slots:
            raise BadPlan(
                "no node of the cluster has a GPU",
                fix="`ray start` finds the GPUs of a machine, or takes --num-gpus; or leave --device out",
            )

    def work_in(self, folder: Path) -> None:
        """The run folder whose files nodes will ask for."""
        self._folder = str(folder)

    def slots(self) -> int:
        """One a processor of every node that gets work; 0 while the cluster is not reached."""
        return sum(self._nodes.besides(self._left_out).values()) if self._reached else 0

    def submit(self, lease: int, bundle: Bundle) -> None:
        """To the child."""
        self._held.add(lease)
        self._child.write({"lease": lease, "folder": self._folder, "bundle": asdict(bundle)})

    def cancel(self, lease: int) -> None:
        """By force."""
        self._held.discard(lease)
        self._child.write({"cancel": lease})

    def leave_out(self, machine: str) -> None:
        """None of its nodes gets another task, nor one that is started later."""
        self._left_out.add(machine)
        self._child.write({"leave_out": machine})

    def messages(self) -> list[tuple[int, Message]]:
        """What has come. Where the child is gone, all its tasks are lost, and another one is started."""
        found = self._note(self._child.lines())
        if not self._child.lives and time.monotonic() > self._again:
            found += self._renew(self._child.end())
        return found

    def close(self) -> None:
        """End the child, and with it what it was having done."""
        self._child.end()

    def _note(self, lines: Iterable[bytes]) -> list[tuple[int, Message]]:
        found = [decode(line) for line in lines]
        for lease, message in found:
            if isinstance(message, Nodes):
                self._nodes, self._reached, self._lost_at = message, True, 0.0
                self._child.patience = _SILENCE
            elif isinstance(message, Started) and lease == 0:
                refuse_other_versions(message.node, message.versions, versions())
            elif isinstance(message, Lost) and lease == 0:
                raise BadPlan(
                    "a node of the cluster cannot run Carousel",
                    got=message.error,
                    fix="install it there, with constraints.txt, and start `ray start` on it anew",
                )
            elif isinstance(message, Ended | Lost):
                self._held.discard(lease)
        return found

    def _renew(self, said: str) -> list[tuple[int, Message]]:
        now = time.monotonic()
        self._lost_at = self._lost_at or now
        if now > self._lost_at + _WAIT_FOR_IT:
            raise CarouselError(
                f"the cluster at {self._arguments[0]} is lost; start it again and give the same command: "
                "finished trials are kept"
            )
        lost: list[tuple[int, Message]] = [(lease, Lost("cluster", said)) for lease in sorted(self._held)]
        self._held.clear()
        gone: list[tuple[int, Message]] = [(0, Nodes({}, reached=False))] if self._reached else []
        self._child, self._reached, self._again = Child(self._arguments), False, now + _PAUSE
        for machine in sorted(self._left_out):
            self._child.write({"leave_out": machine})
        return gone + lost


class Child:
    """The process that Ray lives in: lines of JSON go in and come out. It ends when this process does."""

    def __init__(self, arguments: Sequence[str]):
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the child)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", _CHILD, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | {"PYTHONPATH": import_path()},
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._heard, self._ended, self.patience = time.monotonic(), False, _CONNECTING
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def lives(self) -> bool:
        """It has not ended, and has spoken lately."""
        return not self._ended and time.monotonic() < self._heard + self.patience

    def lines(self, wait: float = 0.0) -> list[bytes]:
        """What has come. wait: seconds, where nothing has."""
        if wait and self._lines.empty():
            time.sleep(wait)
        return [self._lines.get() for _ in range(self._lines.qsize())]

    def write(self, message: dict[str, Any]) -> None:
        """To one that has died it goes nowhere: all that it was told is lost anyway."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def end(self) -> str:
        """Kill it; gives the last line that it has complained with."""
        self._process.kill()
        self._process.wait()
        if self._errors.closed:
            return ""
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines()
        self._errors.close()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()
        return said[-1] if said else ""

    def _read(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError):  # `end` has closed it
            for line in self._process.stdout:
                self._heard = time.monotonic()
                self._lines.put(line)
        self._ended = True


def _refusal(address: str, said: str) -> BadPlan:
    """Why no cluster could be reached, in one line."""
    if "ersion mismatch" in said:
        fix = "install the same Python and Ray on all nodes, with constraints.txt"
        return BadPlan(f"the cluster at {address} has another Python or Ray", got=said, fix=fix)
    place = "this machine belongs to no cluster" if address == "auto" else f"no cluster answers at {address}"
    said = _PREFIX.sub("", said)
    fix = "`ray start --head` on one machine, `ray start --address HOST:PORT` on this and on the others"
    return BadPlan(place, got=said or None, fix=fix)
