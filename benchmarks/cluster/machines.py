"""A Ray cluster whose nodes are machines apart, as far as one Linux gives that: each has a network namespace with an
address and a name of its own, joined by a bridge. So a network can be cut, a head can die, and memory can be limited.

Needs root, `ip` of iproute2, and util-linux. Each node is started by `ray start`, as by hand."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

_ROOT = Path(__file__).resolve().parents[2]
_BRIDGE, _NET = "crsl-bridge", "10.77.0."
_STORE = 80 * 2**20  # bytes: the least that Ray takes
_PORT = 6379
_RAY = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start"]
_GROUPS = Path("/sys/fs/cgroup/memory")  # of version 1


class Machine:
    """One of them. memory: bytes that all its processes may have together; None: all there are."""

    def __init__(self, number: int, name: str, head: str, *, memory: int | None = None):
        self.name, self.address, self._head = name, f"{_NET}{number}", head
        self._space, self._wire, self._folder = f"crsl-{number}", f"crsl-w{number}", Path(f"/tmp/crsl-{number}")
        self._group = None if memory is None else _GROUPS / self._space
        _ip("netns", "add", self._space)
        _ip("link", "add", self._wire, "type", "veth", "peer", "name", "eth0", "netns", self._space)
        _ip("link", "set", self._wire, "master", _BRIDGE, "up")
        _ip("-n", self._space, "addr", "add", f"{self.address}/24", "dev", "eth0")
        _ip("-n", self._space, "link", "set", "eth0", "address", f"02:00:0a:4d:00:{number:02x}")  # as cloud-config's
        for card in ("eth0", "lo"):
            _ip("-n", self._space, "link", "set", card, "up")
        if self._group is not None:
            self._group.mkdir(exist_ok=True)
            (self._group / "memory.limit_in_bytes").write_text(str(memory))

    def start_ray(self, slots: int, settings: Mapping[str, str]) -> None:
        """`ray start`, as the head where the head's address is this machine's. Waits until it says that it runs."""
        role = ["--head", f"--port={_PORT}", "--include-dashboard=false"]
        if self._head != self.address:
            role = [f"--address={self._head}:{_PORT}"]
        options = [f"--num-cpus={slots}", f"--node-ip-address={self.address}", f"--temp-dir={self._folder}"]
        usual = ["--disable-usage-stats", f"--object-store-memory={_STORE}"]
        subprocess.run(
            self.command([*_RAY, *role, *options, *usual]),
            env=environment() | settings, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def command(self, words: Sequence[str]) -> list[str]:
        """What is typed here to have it run there."""
        begin = f"hostname {self.name}"
        if self._group is not None:  # and its limit is what the machine shows, as that of a container
            begin += f"; echo $$ > {self._group}/cgroup.procs; mount --bind {self._group} {_GROUPS}"
        there = ["nsenter", f"--net=/run/netns/{self._space}", "unshare", "--uts", "--mount"]
        return [*there, "sh", "-c", f'{begin}; exec "$@"', "sh", *words]

    def processes(self) -> dict[int, str]:
        """Its command lines by process."""
        said = subprocess.run(["ip", "netns", "pids", self._space], capture_output=True, text=True).stdout
        found = {}
        for number in map(int, said.split()):
            with suppress(OSError):
                found[number] = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def signal(self, number: signal.Signals, *, only: str = "ray") -> None:
        """To the processes that have the word in their command line, but for the comparison's own."""
        for process, line in self.processes().items():
            if only in line and "benchmarks.cluster.command" not in line and "cluster.ray.child" not in line:
                with suppress(ProcessLookupError):
                    os.kill(process, number)

    def connect(self, on: bool) -> None:
        """Plug its cable in, or pull it."""
        _ip("link", "set", self._wire, "up" if on else "down")

    def remove(self) -> None:
        """End all that runs there."""
        for process in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        _ip("link", "delete", self._wire)  # by itself it would go some time after its namespace
        _ip("netns", "delete", self._space)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._group is not None:
            _emptied(self._group)


class Machines:
    """A head, and workers of one slot each. slots: of the head. memory: of each worker. settings: of Ray, as
    environment variables. started: Ray is, on all of them."""

    def __init__(
        self, workers: int, *, slots: int = 0, memory: int | None = None,
        settings: Mapping[str, str] | None = None, started: bool = True,
    ):  # fmt: skip
        self._settings, self._slots = settings or {}, slots
        self.all: list[Machine] = []
        _ip("link", "add", _BRIDGE, "type", "bridge")
        try:
            _ip("addr", "add", f"{_NET}254/24", "dev", _BRIDGE)
            _ip("link", "set", _BRIDGE, "up")
            for number in range(1, workers + 2):
                name = "head" if number == 1 else f"worker-{number - 1}"
                self.all.append(Machine(number, name, f"{_NET}1", memory=None if number == 1 else memory))
            if started:
                self.start_ray()
        except BaseException:
            self.remove()
            raise

    @property
    def head(self) -> Machine:
        """Where comparisons are started."""
        return self.all[0]

    @property
    def address(self) -> str:
        """HOST:PORT of the head."""
        return f"{self.head.address}:{_PORT}"

    def start_ray(self) -> None:
        """On all of them, the head first."""
        for machine in self.all:
            machine.start_ray(self._slots if machine is self.head else 1, self._settings)

    def remove(self) -> None:
        """End all of it."""
        for machine in self.all:
            machine.remove()
        _ip("link", "delete", _BRIDGE)

    def __enter__(self) -> Machines:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.remove()


def environment() -> dict[str, str]:
    """Of every process of a cluster and of its command. On few cores Ray's agents start slowly."""
    path = {"PYTHONPATH": f"{_ROOT / 'src'}:{_ROOT}", "COLUMNS": "300"}
    return os.environ | path | {"RAY_raylet_start_wait_time_s": "120", "RAY_worker_niceness": "0"}


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _emptied(group: Path) -> None:
    """A cgroup goes once the last of its processes has."""
    for _ in range(50):
        with suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.1)
