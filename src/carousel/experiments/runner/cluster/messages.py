"""What nodes and the command say to each other, and each as a line of JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Container
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Bundle:
    """What one task of a node does, one group after the other. run: names the run, so that a process that worked on
    another one forgets it. groups: descriptions of jobs. inputs: files of the run folder that they read, by relative
    path. versions: those of the command. on_card: it holds trainings, and these are for a GPU. full: a group of it is
    at least half as large as one gets: what it takes of a GPU tells what others will."""

    run: str
    groups: list[list[dict[str, Any]]]
    inputs: list[str]
    versions: dict[str, str]
    on_card: bool = False
    full: bool = False


@dataclass(frozen=True)
class Started:
    """The first message of a task. node: the name of its machine. place: its number in the cluster. kills: how many
    processes the machine's kernel had killed for memory by then."""

    node: str
    pid: int
    versions: dict[str, str]
    place: str = ""
    kills: int = 0


@dataclass(frozen=True)
class Beat:
    """Every few seconds: training steps that the process has taken, and its seconds of processor time."""

    steps: int
    cpu: float


@dataclass(frozen=True)
class Done:
    """A job is finished. files: its tables and weights by their paths in the run folder."""

    job: str
    record: dict[str, Any]
    files: dict[str, bytes]


@dataclass(frozen=True)
class Raised:
    """What was left of a group, and why. memory: there was too little of it. shared: of a card that was the task's in
    part only."""

    jobs: list[str]
    error: str
    memory: bool = False
    shared: bool = False


@dataclass(frozen=True)
class Ended:
    """The last message of a task that went through. seconds: it took. of_card: the share of a card's memory that was in
    use at most, where the task had the card for itself; None: it had not."""

    seconds: float
    of_card: float | None = None


@dataclass(frozen=True)
class Lost:
    """The task is gone. by: "node", "worker", "memory" (killed for it), "cluster" (all tasks are, or all that waited)
    or "error" (it could not be run at all)."""

    by: str
    error: str = ""


@dataclass(frozen=True)
class Nodes:
    """The nodes of the cluster: slots of each, for one task apiece, by its name (`machine_of`). reached: it answers;
    else nothing is known of them."""

    slots: dict[str, int]
    reached: bool = True

    def besides(self, machines: Container[str]) -> dict[str, int]:
        """Slots of the nodes of other machines."""
        return {node: slots for node, slots in self.slots.items() if machine_of(node) not in machines}


def machine_of(node: str) -> str:
    """Of a node's name, "MACHINE/NUMBER" or "MACHINE": started anew, a machine's node has another number."""
    return node.partition("/")[0]


Message = Started | Beat | Done | Raised | Ended | Lost | Nodes
_KINDS = {kind.__name__: kind for kind in (Started, Beat, Done, Raised, Ended, Lost, Nodes)}


def encode(lease: int, message: Message) -> str:
    """One line. lease: the task that it is of."""
    content = {name: getattr(message, name) for name in vars(message)}
    if isinstance(message, Done):
        content["files"] = {path: base64.b64encode(data).decode() for path, data in message.files.items()}
    return json.dumps([lease, type(message).__name__, content])


def decode(line: str | bytes) -> tuple[int, Message]:
    """The same back."""
    lease, kind, content = json.loads(line)
    if kind == "Done":
        content["files"] = {path: base64.b64decode(data) for path, data in content["files"].items()}
    return lease, _KINDS[kind](**content)
