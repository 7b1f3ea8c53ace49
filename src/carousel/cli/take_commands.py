"""The commands on what was taken away: their options. What `--help` says of them is in `common/texts/help.*.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from carousel.cli.parameters import PATH, Json, Lang, N


def predict(
    run: Annotated[Path, typer.Argument()],
    new_file: Annotated[Path, typer.Argument()],
    out: Annotated[Path | None, typer.Option(metavar=PATH)] = None,
    level: Annotated[float, typer.Option(metavar=".9")] = 0.9,
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Answer for the rows of a new file."""
    from carousel.cli.predict import predictions

    predictions(run, new_file, out, level, json_, lang)


def export(
    run: Annotated[Path, typer.Argument()],
    to: Annotated[str, typer.Option("--to", metavar="onnx|c|verilog|torch")],
    out: Annotated[Path | None, typer.Option(metavar=PATH)] = None,
    width: Annotated[int, typer.Option(metavar=N)] = 18,
    fraction: Annotated[int, typer.Option(metavar=N)] = 12,
    unchecked: Annotated[bool, typer.Option("--unchecked")] = False,
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Write the network of a run for another runtime."""
    from carousel.cli.export import exported

    exported(run, to, out, (width, fraction), not unchecked, json_, lang)


def serve(
    run: Annotated[Path, typer.Argument()],
    host: Annotated[str, typer.Option(metavar="ADDRESS")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar=N)] = 8000,
    token: Annotated[str | None, typer.Option(metavar="TEXT")] = None,
    lang: Lang = "",
) -> None:
    """Serve the network of a run."""
    from carousel.cli.serve import serve as run_server

    run_server(run, host, port, token, lang)
