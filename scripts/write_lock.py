"""Write requirements.lock: the SHA-256 of each package that `make run` installs on this system, but torch's.

`.venv/bin/python scripts/write_lock.py` asks pip which file it would install for each pin of constraints.txt, and
downloads it to hash it. Nothing is installed. `make verify` compares with what an index serves.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from write_licences import installed

ROOT = Path(__file__).resolve().parents[1]
NOT_LOCKED = {"carousel-rnn", "torch", "setuptools"}  # ours; a build of each index; what Python's venv brings
HEAD = """\
# Written by scripts/write_lock.py, for CPython 3.11 on Linux x86-64. What it is for: docs/security.md.
# torch is not in it: its build for the CPU comes from another index, and differs between indexes.
"""


def report(pins: list[str]) -> list[dict[str, object]]:
    """What pip would install: for each pin the file, and its hash."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "report.json"
        arguments = ["--dry-run", "--ignore-installed", "--no-deps", "--only-binary", ":all:", "--quiet"]
        command = [sys.executable, "-m", "pip", "install", *arguments, "--report", str(written), *pins]
        subprocess.run(command, check=True)
        found: list[dict[str, object]] = json.loads(written.read_text(encoding="utf-8"))["install"]
        return found


def main() -> None:
    packages = installed("carousel-rnn", {})
    pins = [f"{name}=={found.version}" for name, found in sorted(packages.items()) if name not in NOT_LOCKED]
    lines = []
    for one in report(pins):
        about, archive = one["metadata"], one["download_info"]["archive_info"]  # type: ignore[index]
        lines.append(f"{about['name']}=={about['version']} --hash=sha256:{archive['hashes']['sha256']}\n")  # type: ignore[index]
    (ROOT / "requirements.lock").write_text(HEAD + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
