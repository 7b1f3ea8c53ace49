"""cloud-init's own code, unpacked beside the virtual environment and not installed: installed, it would set up the
machine of whoever runs the tests at its next start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_UNPACKED = Path(sys.prefix) / "cloud-init" / "usr" / "lib" / "python3" / "dist-packages"


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Python that can import it. Without it this fails; it does not skip."""
    assert (_UNPACKED / "cloudinit").is_dir(), "cloud-init is not unpacked; fix: make check unpacks it"
    environment = {"PYTHONPATH": str(_UNPACKED), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)


def schema_errors(user_data: Path) -> str:
    """What `cloud-init schema` says against a cloud-config; "" where it is valid."""
    done = python("-m", "cloudinit.cmd.main", "schema", "--config-file", str(user_data))
    return "" if done.returncode == 0 else done.stdout + done.stderr
