"""`carousel export`: a run's network as files of another runtime, and what came of running them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from carousel.cli.console import Console
from carousel.experiments.takeaway.export.export import export


def exported(
    run: Path, to: str, out: Path | None, bits: tuple[int, int], check: bool, as_json: bool, lang: str
) -> None:
    """Write the files, and print how far their answers are from the network's."""
    console = Console(lang, quiet=as_json)
    width, fraction = bits
    found = export(run, to, out, width=width, fraction=fraction, check=check)
    console.say("take.export.written", folder=found.folder, files=", ".join(found.files))
    for one in found.parity:
        scores = {"score": f"{one.score:.4f}", "torch": f"{one.score_torch:.4f}"}
        values = {"name": one.name, "sequences": one.sequences, "largest": f"{one.largest:.1e}"}
        console.say("take.export.parity", **values, **scores)
    if as_json:
        parity = [asdict(one) for one in found.parity]
        console.json({"folder": str(found.folder), "files": list(found.files), "parity": parity})
