"""What cloud-init reads at a machine's first start: user-data, meta-data, network.

The user-data installs Carousel with Ray in /opt/carousel and starts Ray as a service of systemd, of the user
`carousel`. Formats: cloud-init's cloud-config and network-config version 2, OpenStack's metadata.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from carousel.cluster.machines import PORT, Machine, Network
from carousel.common.pages.templating import filled
from carousel.common.texts import text

WHEELS = "/var/lib/carousel"  # where a wheel from the config drive comes to lie on the machine


@dataclass(frozen=True)
class Settings:
    """What all machines share. head: the head's name or address. token: without it Ray refuses. requirements: lines
    for pip. keys: public SSH keys of the user `carousel`. network: None with DHCP. lang: of the comments."""

    head: str
    token: str
    requirements: tuple[str, ...]
    keys: tuple[str, ...]
    network: Network | None
    lang: str


def user_data(machine: Machine, settings: Settings) -> str:
    """The cloud-config of a machine."""
    role = "head" if machine.is_head else "worker"
    return filled(
        "carousel.cluster", "user-data.yaml.j2",
        machine=machine, settings=settings, port=PORT, role=role, quoted=json.dumps,
        say=lambda key: text(f"cluster.cloud.{key}", settings.lang),
    )  # fmt: skip


def host_name(machine: Machine) -> str:
    """Its name on the network."""
    return f"carousel-{machine.name}"


def instance_id(machine: Machine, data: str) -> str:
    """Another configuration is another instance: cloud-init runs anew for it, and only then."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{host_name(machine)}\n{machine.address}\n{data}"))


def meta_data(machine: Machine, data: str) -> str:
    """The `meta-data` of a seed folder (NoCloud)."""
    return f"instance-id: {instance_id(machine, data)}\nlocal-hostname: {host_name(machine)}\n"


def openstack_meta_data(machine: Machine, data: str, carried: dict[str, str]) -> dict[str, Any]:
    """The `meta_data.json` of a config drive. carried: for files on the drive, the place on the machine by that on
    the drive."""
    files = [{"content_path": there, "path": here} for there, here in carried.items()]
    name = host_name(machine)
    return {"uuid": instance_id(machine, data), "hostname": name, "name": name, "files": files}


def network_config(machine: Machine, network: Network) -> dict[str, Any]:
    """The `network-config` of a seed folder, version 2."""
    card: dict[str, Any] = {"match": {"macaddress": machine.mac}, "addresses": [str(machine.address)]}
    if network.gateway is not None:
        card["routes"] = [{"to": "0.0.0.0/0", "via": str(network.gateway)}]
    if network.nameserver is not None:
        card["nameservers"] = {"addresses": [str(network.nameserver)]}
    return {"version": 2, "ethernets": {"carousel": card}}


def openstack_network(machine: Machine, network: Network) -> dict[str, Any]:
    """The `network_data.json` of a config drive."""
    assert machine.address is not None  # a network has fixed addresses
    card = {"id": "carousel", "type": "phy", "ethernet_mac_address": machine.mac}
    where: dict[str, Any] = {
        "id": "carousel",
        "type": "ipv4",
        "link": "carousel",
        "ip_address": str(machine.address.ip),
    }
    where["netmask"] = str(machine.address.netmask)
    where["routes"] = (
        [] if network.gateway is None
        else [{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": str(network.gateway)}]
    )  # fmt: skip
    services = [] if network.nameserver is None else [{"type": "dns", "address": str(network.nameserver)}]
    return {"links": [card], "networks": [where], "services": services}
