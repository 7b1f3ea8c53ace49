"""What `carousel cluster` was told, checked before anything is written, and what it prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import typer.main

from carousel.cli.console import Console
from carousel.cluster.checks import one_line
from carousel.cluster.cloud_config import Settings, host_name
from carousel.cluster.machines import PORT, Network, address, host, interface, machines
from carousel.cluster.packages import package as package_of
from carousel.cluster.slurm import check_arguments
from carousel.cluster.write import write
from carousel.common.errors import BadPlan
from carousel.common.files import read_regular

_MOST_KEYS = 2**16  # bytes


class Cloud(NamedTuple):
    """How the machines find each other, as it was typed: the head's name, or a network of fixed addresses."""

    head: str | None
    network: str | None
    gateway: str | None
    nameserver: str | None


def checked_comparison(command: Sequence[str]) -> list[str]:
    """The arguments of a `carousel compare` that reads them. Raises BadPlan, and what that command refuses."""
    from carousel.cli.app import app

    if command[0] != "compare":
        raise BadPlan("the job runs a comparison", got=command[0], fix="carousel cluster slurm ... -- compare ...")
    arguments = list(command[1:])
    check_arguments(arguments)
    compare = typer.main.get_command(app).commands["compare"]  # type: ignore[attr-defined]
    compare.make_context("carousel compare", list(arguments))
    return arguments


def write_cloud_config(
    out: Path, workers: int, cloud: Cloud, package: str, index: str | None, ssh_key: Path | None, token: str, lang: str
) -> None:
    """Write the folder, and say what is in it and what to do with it."""
    if (cloud.head is None) == (cloud.network is None):
        raise BadPlan("give either --head or --network", fix="--head HOST with DHCP, --network for fixed addresses")
    if cloud.network is None and (cloud.gateway, cloud.nameserver) != (None, None):
        raise BadPlan("--gateway and --nameserver belong to --network", fix="leave them out: DHCP tells them")
    made = machines(workers, None if cloud.network is None else interface(cloud.network))
    first = made[0].address
    head = host(cloud.head) if cloud.head is not None else str(first.ip if first else "")
    found = package_of(package, index)
    settings = Settings(head, token, found.lines, _keys(ssh_key), _network(cloud), lang)
    write(out, made, settings, found)
    console = Console(lang)
    said = "written" if settings.network is None else "written_network"
    console.say(f"cluster.cloud.{said}", folder=out, machines=len(made))
    for machine in made:
        if machine.address is not None:
            console.say("cluster.cloud.machine", name=host_name(machine), address=machine.address, mac=machine.mac)
    console.say("cluster.cloud.next", head=head, port=PORT)


def _network(cloud: Cloud) -> Network | None:
    if cloud.network is None:
        return None
    gateway = None if cloud.gateway is None else address("--gateway", cloud.gateway)
    return Network(gateway, None if cloud.nameserver is None else address("--nameserver", cloud.nameserver))


def _keys(path: Path | None) -> tuple[str, ...]:
    """The public keys of a file, a line each. A private one is refused: the machines would show it to all."""
    if path is None:
        return ()
    try:
        lines = read_regular(path, _MOST_KEYS).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadPlan(f"cannot read {str(path)!r}", got=error, fix="give the file of a public SSH key") from error
    keys = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not keys or any(len(key.split()) < 2 or "PRIVATE KEY" in key for key in keys):
        raise BadPlan(f"{str(path)!r} holds no public SSH key", fix="give the file that ends in .pub")
    return tuple(one_line("--ssh-key", key) for key in keys)
