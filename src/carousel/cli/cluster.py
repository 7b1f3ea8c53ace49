"""`carousel cluster`: its commands and their options. What `--help` says of them is in `common/texts/help.*.toml`."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from carousel.cli.help import Command, Group
from carousel.cli.parameters import PATH, Lang, N

app = typer.Typer(name="cluster", cls=Group, invoke_without_command=True)


@app.callback()
def root(context: typer.Context, lang: Lang = "") -> None:
    """The command without a command: its help. A language holds for the command that follows."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command(cls=Command)
def slurm(
    command: Annotated[list[str], typer.Argument(metavar="-- compare ...")],
    nodes: Annotated[int, typer.Option(metavar=N)],
    cpus: Annotated[int, typer.Option(metavar=N)],
    gpus: Annotated[int, typer.Option(metavar=N)] = 0,
    time: Annotated[str, typer.Option(metavar="HH:MM:SS")] = "08:00:00",
    sbatch: Annotated[list[str] | None, typer.Option(metavar="--OPTION=VALUE")] = None,
    venv: Annotated[Path | None, typer.Option(metavar=PATH)] = None,
    lang: Lang = "",
) -> None:
    """Print a job script of SLURM."""
    from carousel.cli.cluster_command import checked_comparison
    from carousel.cluster.slurm import Allocation, job_script

    allocation = Allocation(nodes, cpus, gpus, time, tuple(sbatch or ()))
    print(job_script(allocation, checked_comparison(command), venv or Path(sys.prefix), lang), end="")


@app.command("cloud-config", cls=Command)
def cloud_config(
    out: Annotated[Path, typer.Option(metavar=PATH)],
    package: Annotated[str, typer.Option(metavar="WHEEL|NAME")],
    workers: Annotated[int, typer.Option(metavar=N)] = 1,
    head: Annotated[str | None, typer.Option(metavar="HOST")] = None,
    network: Annotated[str | None, typer.Option(metavar="ADDRESS/N")] = None,
    gateway: Annotated[str | None, typer.Option(metavar="ADDRESS")] = None,
    nameserver: Annotated[str | None, typer.Option(metavar="ADDRESS")] = None,
    ssh_key: Annotated[Path | None, typer.Option(metavar=PATH)] = None,
    index: Annotated[str | None, typer.Option(metavar="URL")] = None,
    lang: Lang = "",
) -> None:
    """Write cloud-config and config drives."""
    from carousel.cli.cluster_command import Cloud, write_cloud_config

    token = secrets.token_hex(32)
    write_cloud_config(out, workers, Cloud(head, network, gateway, nameserver), package, index, ssh_key, token, lang)
