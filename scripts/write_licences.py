"""Write the licences of what `make run` installs into docs/security.md, from the metadata of the installed packages:
python scripts/write_licences.py; with --check it writes nothing and fails where the page is not of today."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PAGE = Path(__file__).resolve().parents[1] / "docs" / "security.md"
BEGIN, END = "<!-- licences: begin -->\n", "<!-- licences: end -->\n"
_GNU_LIBRARIES = {"libgfortran", "libquadmath", "libgomp", "libstdc++", "libgcc_s"}


def installed(name: str, seen: dict[str, Distribution]) -> dict[str, Distribution]:
    """The package and all that it requires on this system, without extras."""
    if canonicalize_name(name) not in seen:
        seen[canonicalize_name(name)] = found = distribution(name)
        for requirement in map(Requirement, found.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                installed(requirement.name, seen)
    return seen


def licence(package: Distribution) -> str:
    """As its metadata say: an SPDX expression, else classifiers, else the first line of a text."""
    about = package.metadata
    classified = [c.split(" :: ")[-1] for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    stated = (about.get("License") or "").strip()
    said = about.get("License-Expression") or ", ".join(classified) or stated.partition("\n")[0]
    if not said:
        raise SystemExit(f"{about['Name']} says no licence: look it up, and say it here")
    return said


def bundled(package: Distribution) -> str:
    """GNU libraries that the wheel carries in compiled form."""
    names = {Path(str(file)).name.split("-")[0].split(".")[0] for file in package.files or ()}
    return ", ".join(sorted(names & _GNU_LIBRARIES))


def rows() -> Iterator[str]:
    """The table."""
    yield "| package | version | licence, as its metadata say | GNU libraries in its wheel |"
    yield "|---|---|---|---|"
    found = installed("carousel-rnn", {})
    for name in sorted(found.keys() - {"carousel-rnn"}):
        yield f"| {name} | {found[name].version} | {licence(found[name])} | {bundled(found[name])} |"


def main() -> int:
    before = PAGE.read_text(encoding="utf-8")
    head, rest = before.split(BEGIN)
    after = head + BEGIN + "\n".join([*rows(), ""]) + END + rest.split(END)[1]
    if "--check" in sys.argv[1:]:
        return int(after != before)
    PAGE.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
