"""A Ray cluster of several nodes on this machine, whose processes can be killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from ray.cluster_utils import Cluster

_ROOT = Path(__file__).resolve().parents[2]
_STORE = 80 * 2**20  # bytes: the least that Ray takes


class Nodes:
    """A head without processors, and nodes of some each."""

    def __init__(self, nodes: int, slots: int):
        os.environ["PYTHONPATH"] = f"{_ROOT / 'src'}:{_ROOT}"  # of every process of the cluster
        os.environ |= {"RAY_raylet_start_wait_time_s": "120"}  # on few cores they start slowly
        self._slots = slots
        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": _STORE}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.nodes = [self.add() for _ in range(nodes)]

    @property
    def address(self) -> str:
        """HOST:PORT of the head."""
        return str(self._cluster.address)

    def add(self) -> Any:
        """One node more."""
        return self._cluster.add_node(num_cpus=self._slots, object_store_memory=_STORE)

    def kill_node(self, chance: Random, *, replaced: bool = True) -> None:
        """SIGKILL to all of a node. replaced: another one takes its place."""
        node = self.nodes.pop(chance.randrange(len(self.nodes)))
        self._cluster.remove_node(node, allow_graceful=False)
        if replaced:
            self.nodes.append(self.add())

    def kill_worker(self, chance: Random) -> bool:
        """SIGKILL to a process that runs a task; False where none does."""
        running = self.tasks()
        if running:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(running), signal.SIGKILL)
        return bool(running)

    def tasks(self) -> list[int]:
        """The processes that run one: Ray's workers call themselves after it."""
        return sorted(self._tasks())

    def _tasks(self) -> Iterator[int]:
        for path in Path("/proc").iterdir():
            if path.name.isdigit():
                with suppress(OSError):
                    ours = _parent(_parent(int(path.name))) == os.getpid()  # a raylet is between
                    if ours and (path / "cmdline").read_bytes().startswith(b"ray::run_bundle"):
                        yield int(path.name)

    def close(self) -> None:
        """End all of it."""
        self._cluster.shutdown()


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
