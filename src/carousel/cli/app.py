"""`carousel`: the commands and their options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from carousel.cli.ending import exit_code
from carousel.cli.language import of_environment
from carousel.common.version import version as installed_version

CONTENDER_SYNTAX = (
    "Contenders are written cell[:init][,layers=N] and separated by commas: rnn:orthogonal, lstm:chrono,layers=2, "
    "transformer. `carousel contenders` lists cells and initialisations, and the Transformer."
)
app = typer.Typer(
    name="carousel",
    epilog=CONTENDER_SYNTAX,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Lang = Annotated[
    str,
    typer.Option(
        "--lang",
        callback=lambda typed: typed or of_environment(),
        show_default=False,
        help="Language of what is printed and of the report: en or zh. Default: that of LC_ALL, LC_MESSAGES or LANG.",
    ),
]


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version of Carousel.")] = False,
) -> None:
    """Which recurrent network, and why? Measured on standard tasks and on your own sequences."""
    if version:
        print(f"carousel {installed_version()}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command(epilog=CONTENDER_SYNTAX)
def compare(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[TASK... | FILE]", help="Built-in tasks, or one file of yours.")
    ] = None,
    contenders: Annotated[str | None, typer.Option(help="Comma-separated: cell[:init][,layers=N].")] = None,
    lengths: Annotated[
        str | None, typer.Option(help="T of the tasks; of a file, histories in steps. Comma-separated.")
    ] = None,
    budget: Annotated[str, typer.Option(help="quick, standard or full.")] = "quick",
    claims: Annotated[
        str | None, typer.Option(help="Judge these alone, and run what they need: gates,length. Default: all claims.")
    ] = None,
    parameters: Annotated[int, typer.Option(help="Trainable parameters of each contender (within 2 %).")] = 6600,
    workers: Annotated[int | None, typer.Option(help="Processes of one thread each; default: one a core.")] = None,
    seed: Annotated[int, typer.Option(help="Another number gives another, disjoint set of seeds.")] = 0,
    kernel: Annotated[str, typer.Option(help="auto, numba, torch, triton or reference; not replay.")] = "auto",
    target: Annotated[str | None, typer.Option(help="File: column to predict for each sequence.")] = None,
    group: Annotated[str | None, typer.Option(help="File: column that names the sequence of a row.")] = None,
    order: Annotated[str | None, typer.Option(help="File: column that orders the steps.")] = None,
    forecast: Annotated[str | None, typer.Option(help="File: columns whose next values to predict.")] = None,
    horizon: Annotated[int | None, typer.Option(help="Forecast: steps ahead.")] = None,
    window: Annotated[int | None, typer.Option(help="Forecast: steps of history an example sees.")] = None,
    kind: Annotated[str | None, typer.Option(help="File: classification or regression, if guessed wrong.")] = None,
    split: Annotated[str | None, typer.Option(help="File: shares, such as 0.6,0.2,0.2.")] = None,
    drop_short: Annotated[bool, typer.Option(help="File: drop sequences of one step (counted).")] = False,
    plan: Annotated[Path | None, typer.Option(help="Run the plan.toml of an earlier run anew, as it is.")] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; default: runs/NAME.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show plan and time; train nothing.")] = False,
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Compare recurrent networks on built-in tasks or on a file, judge the claims, write an illustrated report.

    A causal Transformer may be compared with them: --contenders rnn,lstm:chrono,transformer.

    Give the same command again to continue a run that was stopped.
    """
    from carousel.cli.compare import compare as run
    from carousel.cli.options import data_options, names, request_of, whole_numbers

    data = data_options(target, group, order, forecast, horizon, window, kind, split, drop_short)
    numbers, asked = whole_numbers("--lengths", lengths), names("--claims", claims)
    request = request_of(sources, contenders, numbers, budget, parameters, seed, kernel, data, asked)
    run(request, plan=plan, out=out, workers=workers, dry_run=dry_run, as_json=json_, lang=lang)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A run folder.")],
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Judge a run folder anew and rebuild its report. Trains nothing and needs no torch."""
    from carousel.cli.conclusion import report as run

    run(folder, json_, lang)


@app.command()
def verdicts(
    folders: Annotated[
        list[Path],
        typer.Argument(help="Run folders, judged by compare or report; `reference` for the reference evidence."),
    ],
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Print the verdicts of runs side by side, and for how many claims they are the same.

    Run a comparison again with another --seed and put both here: do the verdicts hold for seeds that were not seen?
    """
    from carousel.cli.verdicts import verdicts as run

    run(folders, json_, lang)


@app.command()
def doctor(
    target: Annotated[str, typer.Argument(metavar="FILE[:FUNCTION]", help="A Python file, and the function to call.")],
    out: Annotated[
        Path, typer.Option(help="The page. A file that carousel doctor did not write is not overwritten.")
    ] = Path("doctor.html"),
    traceback: Annotated[
        bool, typer.Option("--traceback", help="Print the traceback of an exception of your code.")
    ] = False,
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Find what is wrong inside a recurrent PyTorch model. Evidence, cause, and the line that fixes it.

    FUNCTION (make, if you name none) takes nothing and returns (model, batch, loss_fn), as your training has them;
    loss_fn(model, batch) gives the scalar loss. For example:

    \b
        def make():
            model, (x, y) = Net(), next(iter(loader))
            return model, (x, y), lambda model, batch: F.cross_entropy(model(batch[0]), batch[1])

    A dict as a fourth value tells more, and more can be looked for: optimizer (or learning_rate), clip_norm, causal,
    lengths, dependency, continues; help(carousel.diagnose) says what they mean.

    The file is imported, not run: what stands under `if __name__ == "__main__":` is skipped. Nothing is trained, and
    findings are no error (exit code 0).
    """
    from carousel.cli.doctor import doctor as run

    run(target, out, traceback, json_, lang)


@app.command()
def bench(
    threads: Annotated[str, typer.Option(help="Thread counts, comma-separated.")] = "1,2",
    pairs: Annotated[int, typer.Option(help="Interleaved pairs of each comparison.")] = 9,
    only: Annotated[
        str | None, typer.Option(help="torch, packed, loop, recorded, recorded-loop; all if not given.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for bench.json and bench.svg.")] = Path("bench"),
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Time the recurrent layers on this machine against torch's: table, JSON and figure. Takes some minutes."""
    from carousel.cli.bench import bench as run
    from carousel.cli.options import whole_numbers

    run(whole_numbers("--threads", threads) or (), pairs, only, out, json_, lang)


@app.command()
def calibrate(
    repetitions: Annotated[int, typer.Option(help="Simulated runs of each question; power takes a quarter.")] = 1000,
    seed: Annotated[int, typer.Option(help="Another number draws other runs; the same gives the same result.")] = 0,
    only: Annotated[str | None, typer.Option(help="Rules, comma-separated, such as vanishing,attention.")] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file; one of the same calibration is completed.")] = None,
    permute: Annotated[
        Path | None,
        typer.Option(help="Ask the rules of this run folder's trainings instead, labels swapped by chance."),
    ] = None,
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Test the rules themselves: known answers, same against same, planted differences. Takes minutes."""
    from carousel.cli.calibrate import calibrate as simulated
    from carousel.cli.calibrate import permuted

    if permute is None:
        simulated(repetitions, seed, only, out, json_, lang)
    else:
        permuted(permute, repetitions, seed, (only, out), json_, lang)


@app.command()
def tasks(json_: Json = False) -> None:
    """List the built-in tasks, one a line."""
    from carousel.cli.listing import list_tasks

    list_tasks(json_)


@app.command()
def contenders(json_: Json = False) -> None:
    """List the contenders, one a line; other initialisations and numbers may be combined with any cell they fit."""
    from carousel.cli.listing import list_contenders

    list_contenders(json_)


@app.command()
def example(
    name: Annotated[str | None, typer.Argument(help="Which; the list, if you name none.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another number makes another file of the kind.")] = 0,
    json_: Json = False,
    lang: Lang = "",
) -> None:
    """Print a file of sequences to try, as CSV: carousel example gestures > gestures.csv (next command: on stderr)."""
    from carousel.cli.example import example as run

    run(name, seed, json_, lang)


@app.command()
def claims(json_: Json = False, lang: Lang = "") -> None:
    """List the claims, one a line."""
    from carousel.cli.listing import list_claims

    list_claims(json_, lang)


def main() -> None:
    """Entry point: run the command; a mistake is one line on standard error."""
    sys.exit(exit_code(app))
