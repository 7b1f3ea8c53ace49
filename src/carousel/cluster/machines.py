"""The machines of a cluster: names, and addresses where they are fixed."""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Interface
from typing import NamedTuple

from carousel.cluster.checks import at_least
from carousel.common.errors import BadPlan

PORT = 6379  # Ray's own
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


class Machine(NamedTuple):
    """One machine. address: None where DHCP gives it."""

    name: str
    is_head: bool
    address: IPv4Interface | None

    @property
    def mac(self) -> str:
        """A hardware address of its own for a fixed address, of the range that is nobody's (its second bit is set):
        by it cloud-init finds the network card."""
        assert self.address is not None  # asked for only then
        return "02:00:" + ":".join(f"{byte:02x}" for byte in self.address.ip.packed)


class Network(NamedTuple):
    """How a fixed network is reached. gateway, nameserver: None where there is none."""

    gateway: IPv4Address | None
    nameserver: IPv4Address | None


def machines(workers: int, first: IPv4Interface | None) -> list[Machine]:
    """The head and its workers. first: the head's address; the workers have those after it. Raises BadPlan."""
    at_least("--workers", workers, 0)
    names = ["head", *(f"worker-{k}" for k in range(1, workers + 1))]
    if first is None:
        return [Machine(name, name == "head", None) for name in names]
    last = first.ip + workers
    if (
        last not in first.network
        or last == first.network.broadcast_address
        or first.ip == first.network.network_address
    ):
        raise BadPlan("--network has not so many addresses", allowed=str(first.network), got=f"{first.ip} to {last}")
    prefix = first.network.prefixlen
    return [Machine(name, name == "head", IPv4Interface(f"{first.ip + k}/{prefix}")) for k, name in enumerate(names)]


def interface(value: str) -> IPv4Interface:
    """ "10.0.0.10/24", the head's address and its network. Raises BadPlan."""
    try:
        found = ipaddress.IPv4Interface(value)
    except ValueError as error:
        raise BadPlan("--network is no address with its prefix", allowed="such as 10.0.0.10/24", got=value) from error
    if "/" not in value or found.network.prefixlen > 30:
        raise BadPlan("--network is no address with its prefix", allowed="such as 10.0.0.10/24", got=value)
    return found


def address(option: str, value: str) -> IPv4Address:
    """An address. Raises BadPlan."""
    try:
        return IPv4Address(value)
    except ValueError as error:
        raise BadPlan(f"{option} is no address", allowed="such as 10.0.0.1", got=value) from error


def host(value: str) -> str:
    """A host name or address. Raises BadPlan."""
    if not _NAME.fullmatch(value) or len(value) > 253:
        raise BadPlan("--head is no name of a host", allowed="such as 10.0.0.10 or head.internal", got=value)
    return value
