"""A config drive: an ISO 9660 image with the label config-2 and OpenStack's layout, which a machine boots with.

The layout is that of OpenStack's metadata service; cloud-init's datasource ConfigDrive reads it.
"""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from carousel.common.errors import BadPlan

LABEL = "config-2"


def check_library() -> None:
    """Raises BadPlan where the library that writes images is not installed."""
    if importlib.util.find_spec("pycdlib") is None:
        raise BadPlan("the package pycdlib is not installed", fix="pip install 'carousel-rnn[cluster]'")


def layout(
    user_data: str, meta_data: Mapping[str, Any], network: Mapping[str, Any] | None, carried: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The files of a config drive, by path. network: where addresses are fixed. carried: further files, by their
    content path (OpenStack's word), such as "/content/0000"."""
    files = {
        "openstack/latest/user_data": user_data.encode(),
        "openstack/latest/meta_data.json": json.dumps(meta_data, indent=2).encode(),
    }
    if network is not None:
        files["openstack/latest/network_data.json"] = json.dumps(network, indent=2).encode()
    return files | {f"openstack{path}": content for path, content in carried.items()}


def image(files: Mapping[str, bytes]) -> bytes:
    """The image that holds these files."""
    from pycdlib import PyCdlib  # type: ignore[import-not-found, unused-ignore]  # an extra

    iso = PyCdlib()
    iso.new(interchange_level=4, vol_ident=LABEL, rock_ridge="1.09", joliet=3)  # level 4: names as they are
    folders = {parent for path in files for parent in PurePosixPath("/", path).parents}
    for folder in sorted(folders - {PurePosixPath("/")}):  # the outer ones first
        iso.add_directory(str(folder), rr_name=folder.name, joliet_path=str(folder))
    for path, content in files.items():
        place = PurePosixPath("/", path)
        iso.add_fp(io.BytesIO(content), len(content), str(place), rr_name=place.name, joliet_path=str(place))
    written = io.BytesIO()
    iso.write_fp(written)
    iso.close()
    return written.getvalue()
