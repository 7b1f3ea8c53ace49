"""The folder of a cluster: for each machine its seed files and its config drive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from carousel.cluster import cloud_config as config
from carousel.cluster.config_drive import check_library, image, layout
from carousel.cluster.machines import Machine
from carousel.cluster.packages import Package
from carousel.common.errors import FolderConflict
from carousel.common.files import write_atomically, writing_to

DRIVE = "config-drive.iso"


def write(out: Path, machines: Sequence[Machine], settings: config.Settings, package: Package) -> None:
    """Write `out`/MACHINE/ for each: user-data, meta-data, network-config where addresses are fixed, config-drive.iso.

    They hold the token: the folder is its owner's alone. Raises FolderConflict where something is there already, and
    BadPlan where the library for images is not installed."""
    check_library()
    with writing_to(out):
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise FolderConflict(f"{str(out)!r} is there already", fix="give a new or empty folder with --out")
        out.mkdir(parents=True, exist_ok=True)
        out.chmod(0o700)
        for machine in machines:
            _write_machine(out / machine.name, machine, settings, package)


def _write_machine(folder: Path, machine: Machine, settings: config.Settings, package: Package) -> None:
    data = config.user_data(machine, settings)
    folder.mkdir()
    seed = {"user-data": data, "meta-data": config.meta_data(machine, data)}
    drawn = None
    if settings.network is not None:
        seed["network-config"] = json.dumps(config.network_config(machine, settings.network), indent=2) + "\n"
        drawn = config.openstack_network(machine, settings.network)
    for name, content in seed.items():
        write_atomically(folder / name, content.encode())
    about = config.openstack_meta_data(machine, data, package.places)
    write_atomically(folder / DRIVE, image(layout(data, about, drawn, package.contents)))
