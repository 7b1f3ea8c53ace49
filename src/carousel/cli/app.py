"""`carousel`: the commands and their options. What `--help` says of them is in `common/texts/help.*.toml`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from carousel.cli.cluster import app as cluster
from carousel.cli.ending import exit_code
from carousel.cli.help import Command, Group
from carousel.cli.parameters import PATH, Json, Lang, N
from carousel.cli.take_commands import export, predict, serve
from carousel.common.version import version as installed_version

app = typer.Typer(
    name="carousel",
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_WHAT, _FILE, _COST = "what", "file", "cost"  # groups of options, as `--help` shows them; the rest is the output's
_LIST, _NAME, _VALUE, _FORMAT = "A,B,...", "NAME", "VALUE", "FORMAT"


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version")] = False,
    lang: Lang = "",
) -> None:
    """The command without a command: its version, or its help. A language holds for the command that follows."""
    if version:
        print(f"carousel {installed_version()}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command(cls=Command)
def compare(
    sources: Annotated[list[str] | None, typer.Argument(metavar="[TASK... | FILE]", rich_help_panel=_WHAT)] = None,
    contenders: Annotated[str | None, typer.Option(metavar=_LIST, rich_help_panel=_WHAT)] = None,
    lengths: Annotated[str | None, typer.Option(metavar="N,N,...", rich_help_panel=_WHAT)] = None,
    claims: Annotated[str | None, typer.Option(metavar=_LIST, rich_help_panel=_WHAT)] = None,
    plan: Annotated[Path | None, typer.Option(metavar=PATH, rich_help_panel=_WHAT)] = None,
    target: Annotated[str | None, typer.Option(metavar=_NAME, rich_help_panel=_FILE)] = None,
    group: Annotated[list[str] | None, typer.Option(metavar=_NAME, rich_help_panel=_FILE)] = None,
    order: Annotated[list[str] | None, typer.Option(metavar=_NAME, rich_help_panel=_FILE)] = None,
    forecast: Annotated[list[str] | None, typer.Option(metavar=_LIST, rich_help_panel=_FILE)] = None,
    inputs: Annotated[list[str] | None, typer.Option(metavar=_LIST, rich_help_panel=_FILE)] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar=_LIST, rich_help_panel=_FILE)] = None,
    missing: Annotated[list[str] | None, typer.Option(metavar=_VALUE, rich_help_panel=_FILE)] = None,
    not_missing: Annotated[list[str] | None, typer.Option(metavar=_VALUE, rich_help_panel=_FILE)] = None,
    wide: Annotated[bool, typer.Option("--wide", rich_help_panel=_FILE)] = False,
    every_step: Annotated[bool, typer.Option("--every-step", rich_help_panel=_FILE)] = False,
    fill: Annotated[str | None, typer.Option(metavar=_NAME, rich_help_panel=_FILE)] = None,
    known: Annotated[list[str] | None, typer.Option(metavar=_LIST, rich_help_panel=_FILE)] = None,
    one_unit: Annotated[bool, typer.Option("--one-unit", rich_help_panel=_FILE)] = False,
    date_format: Annotated[str | None, typer.Option(metavar=_FORMAT, rich_help_panel=_FILE)] = None,
    encoding: Annotated[str | None, typer.Option(metavar=_NAME, rich_help_panel=_FILE)] = None,
    decimal: Annotated[str | None, typer.Option(metavar=_NAME, rich_help_panel=_FILE)] = None,
    horizon: Annotated[int | None, typer.Option(metavar=N, rich_help_panel=_FILE)] = None,
    window: Annotated[int | None, typer.Option(metavar=N, rich_help_panel=_FILE)] = None,
    kind: Annotated[str | None, typer.Option(metavar=_NAME, rich_help_panel=_FILE)] = None,
    split: Annotated[str | None, typer.Option(metavar=".6,.2,.2", rich_help_panel=_FILE)] = None,
    block: Annotated[list[str] | None, typer.Option(metavar=_NAME, rich_help_panel=_FILE)] = None,
    split_by: Annotated[str | None, typer.Option(metavar=_NAME, rich_help_panel=_FILE)] = None,
    drop_short: Annotated[bool, typer.Option("--drop-short", rich_help_panel=_FILE)] = False,
    rivals: Annotated[str | None, typer.Option(metavar=_LIST, rich_help_panel=_FILE)] = None,
    ensemble: Annotated[int, typer.Option(metavar=N, rich_help_panel=_FILE)] = 1,
    budget: Annotated[str, typer.Option(metavar=_NAME, rich_help_panel=_COST)] = "quick",
    parameters: Annotated[int, typer.Option(metavar=N, rich_help_panel=_COST)] = 6600,
    workers: Annotated[int | None, typer.Option(metavar=N, rich_help_panel=_COST)] = None,
    engine: Annotated[str, typer.Option(metavar=_NAME, rich_help_panel=_COST)] = "local",
    address: Annotated[str | None, typer.Option(metavar="HOST:PORT", rich_help_panel=_COST)] = None,
    device: Annotated[str, typer.Option(metavar=_NAME, rich_help_panel=_COST)] = "cpu",
    seed: Annotated[int, typer.Option(metavar=N, rich_help_panel=_COST)] = 0,
    kernel: Annotated[str, typer.Option(metavar=_NAME, rich_help_panel=_COST)] = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", rich_help_panel=_COST)] = False,
    out: Annotated[Path | None, typer.Option(metavar=PATH)] = None,
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Compare networks on tasks or on a file."""
    from carousel.cli.compare import compare as run
    from carousel.cli.options import data_options, names, request_of, whole_numbers
    from carousel.experiments.runner.engines import On

    columns = {"group": group, "order": order, "forecast": forecast, "block": block}
    columns |= {"inputs": inputs, "ignore": ignore, "missing": missing, "not_missing": not_missing, "known": known}
    told = {"date_format": date_format, "encoding": encoding, "decimal": decimal, "kind": kind, "split_by": split_by}
    steps = {"target": target, "horizon": horizon, "window": window, "wide": wide or None, "fill": fill}
    steps |= {"every_step": every_step or None, "one_unit": one_unit or None}
    data = data_options(columns, {**told, **steps}, split, drop_short)
    asked, beside = names("--claims", claims), None if rivals is None else names("--rivals", rivals)
    numbers = whole_numbers("--lengths", lengths)
    request = request_of(sources, contenders, numbers, budget, parameters, seed, kernel, data, asked, beside, ensemble)
    run(request, plan, out, workers, On(engine, address, device), dry_run=dry_run, as_json=json_, lang=lang)


app.command(cls=Command)(predict)
app.command(cls=Command)(export)
app.command(cls=Command)(serve)
app.add_typer(cluster)


@app.command(cls=Command)
def report(folder: Annotated[Path, typer.Argument()], json_: Json = False, lang: Lang = "") -> None:
    """Judge a run folder anew and rebuild its report."""
    from carousel.cli.conclusion import report as run

    run(folder, json_, lang)


@app.command(cls=Command)
def status(folder: Annotated[Path, typer.Argument()], json_: Json = False, lang: Lang = "") -> None:
    """Say how far a comparison is."""
    from carousel.cli.status import status as run

    run(folder, json_, lang)


@app.command(cls=Command)
def verdicts(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...")], json_: Json = False, lang: Lang = ""
) -> None:
    """Print the verdicts of runs side by side."""
    from carousel.cli.verdicts import verdicts as run

    run(folders, json_, lang)


@app.command(cls=Command)
def doctor(
    target: Annotated[str, typer.Argument(metavar="FILE[:FUNCTION]")],
    out: Annotated[Path, typer.Option(metavar=PATH)] = Path("doctor.html"),
    traceback: Annotated[bool, typer.Option("--traceback")] = False,
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Find what is wrong inside a recurrent model."""
    from carousel.cli.doctor import doctor as run

    run(target, out, traceback, json_, lang)


@app.command(cls=Command)
def lab(
    run: Annotated[Path | None, typer.Argument()] = None,
    files: Annotated[list[Path] | None, typer.Argument()] = None,
    out: Annotated[Path | None, typer.Option(metavar=PATH)] = None,
    publish: Annotated[Path | None, typer.Option(metavar=PATH)] = None,
    lang: Annotated[str | None, typer.Option("--lang", metavar="en|zh")] = None,
) -> None:
    """See the mechanism in the browser; `lab mark FILES` marks results of its paper."""
    from carousel.cli.lab import lab as page

    page(run, files or [], out, publish, lang)


@app.command(cls=Command)
def bench(
    threads: Annotated[str, typer.Option(metavar="N,N,...")] = "1,2",
    pairs: Annotated[int, typer.Option(metavar=N)] = 9,
    only: Annotated[str | None, typer.Option(metavar=_LIST)] = None,
    out: Annotated[Path, typer.Option(metavar=PATH)] = Path("bench"),
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Time the recurrent layers against torch's."""
    from carousel.cli.bench import bench as run
    from carousel.cli.options import whole_numbers

    run(whole_numbers("--threads", threads) or (), pairs, only, out, json_, lang)


@app.command(cls=Command)
def calibrate(
    repetitions: Annotated[int, typer.Option(metavar=N)] = 1000,
    seed: Annotated[int, typer.Option(metavar=N)] = 0,
    only: Annotated[str | None, typer.Option(metavar=_LIST)] = None,
    out: Annotated[Path | None, typer.Option(metavar=PATH)] = None,
    permute: Annotated[Path | None, typer.Option(metavar="FOLDER")] = None,
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Test the rules themselves."""
    from carousel.cli.calibrate import calibrate as simulated
    from carousel.cli.calibrate import permuted

    if permute is None:
        simulated(repetitions, seed, only, out, json_, lang)
    else:
        permuted(permute, repetitions, seed, (only, out), json_, lang)


@app.command(cls=Command)
def tasks(json_: Json = False, lang: Lang = "") -> None:
    """List the built-in tasks."""
    from carousel.cli.listing import list_tasks

    list_tasks(json_, lang)


@app.command(cls=Command)
def contenders(json_: Json = False, lang: Lang = "") -> None:
    """List the networks."""
    from carousel.cli.listing import list_contenders

    list_contenders(json_, lang)


@app.command(cls=Command)
def example(
    name: Annotated[str | None, typer.Argument()] = None,
    seed: Annotated[int, typer.Option(min=0, metavar=N)] = 0,
    out: Annotated[Path | None, typer.Option(metavar="FILE")] = None,
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Print a file of sequences to try, or write it."""
    from carousel.cli.example import example as run

    run(name, seed, out, json_, lang)


@app.command(cls=Command)
def claims(json_: Json = False, lang: Lang = "") -> None:
    """List the claims."""
    from carousel.cli.listing import list_claims

    list_claims(json_, lang)


def main() -> None:
    """Entry point: run the command; a mistake is one line on standard error."""
    sys.exit(exit_code(app))
