"""The command line: one thin function a verb, no logic of its own.

Results go to standard output, everything else to standard error; `--json` prints one object a program can read. Exit
codes: 0 done, 1 failed or a check did not hold, 2 a mistake in the call, recipe or data, 3 contamination over
--fail-over, 130 interrupted.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.errors import CurateError, FailOver

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Build post-training data: decontaminated, sampled, written as Parquet, with the evidence for every row.",
    epilog="Exit codes: 0 done · 1 failed · 2 mistake in call, recipe or data · 3 over --fail-over · 130 interrupted",
)

Out = Annotated[Path, typer.Option("--out", "-o", help="The new folder to write.")]
Folder = Annotated[Path, typer.Argument(metavar="OUT", help="The folder of a finished build.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N rows of each source, for a first try.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace OUT if an earlier build made it.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Threads; all cores by default. The result is the same.")]
BenchmarksDir = Annotated[
    Path | None, typer.Option(help="Take the benchmarks' items from DIR/<name>.* or DIR/<name>/ instead of the Hub.")
]
Without = Annotated[list[str] | None, typer.Option(help="Leave a benchmark out; may be given more than once.")]
MaxRate = Annotated[
    float | None, typer.Option(min=0, max=1, help="Exit with 3 if a source hits more than this share of a benchmark.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.", hidden=True)]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Debug = False,
) -> None:
    """Say the version, or hand on to a verb."""
    if version:
        from importlib.metadata import version as version_of

        print(f"curate {version_of('tulu-curate')}")
        raise typer.Exit


@app.command()
def build(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe's YAML file.")],
    out: Out,
    overwrite: Overwrite = False,
    limit: Limit = None,
    locked: Annotated[
        Path | None, typer.Option(help="A lock file whose inputs and output this build must repeat.")
    ] = None,
    benchmarks_dir: BenchmarksDir = None,
    without: Without = None,
    fail_over: MaxRate = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Build the mixture of a recipe into a new folder.

    Example: curate build mixtures/quickstart/recipe.yaml -o out/quickstart
    """
    from curate.recipe import load_recipe, override

    given = {
        "benchmarks_dir": None if benchmarks_dir is None else str(benchmarks_dir.absolute()),
        "without": tuple(without) if without else None,
        "fail_over": fail_over,
    }
    _run(override(load_recipe(recipe), given), out, recipe.parent, overwrite, limit, locked, workers, as_json)


@app.command()
def decontaminate(
    data: Annotated[list[str], typer.Argument(metavar="DATA...", help="Files, globs, folders or Hub ids.")],
    suite: Annotated[str, typer.Option(help="A shipped suite, a suite file, or a data file of your own.")],
    out: Out,
    profile: Annotated[str, typer.Option(help="The rule's settings.")] = "tulu3",
    policy: Annotated[str, typer.Option(help="report, drop-rows, drop-source or tulu3.")] = "drop-rows",
    kind: Annotated[str | None, typer.Option(help="prompt, sft, preference or rlvr; found out by default.")] = None,
    fmt: Annotated[str | None, typer.Option("--format", help="How rows are read; found out by default.")] = None,
    split: Annotated[str, typer.Option(help="The split of Hub ids and saved data sets.")] = "train",
    role: Annotated[list[str] | None, typer.Option(help="Roles whose turns are scanned; user by default.")] = None,
    benchmarks_dir: BenchmarksDir = None,
    without: Without = None,
    fail_over: MaxRate = None,
    overwrite: Overwrite = False,
    limit: Limit = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Take benchmark items out of training data; OUT is a folder as `build` writes it.

    Example: curate decontaminate train.jsonl --suite my_benchmark.jsonl -o clean
    """
    from curate.mixture.adhoc import adhoc_recipe

    spec = {
        "suite": suite,
        "profile": profile,
        "policy": policy,
        "roles": tuple(role or ["user"]),
        "without": tuple(without or ()),
        "benchmarks_dir": None if benchmarks_dir is None else str(benchmarks_dir),
        "fail_over": fail_over,
    }
    name = out.absolute().name
    recipe = adhoc_recipe(data, Path.cwd(), name=name, decontaminate=spec, kind=kind, fmt=fmt, split=split)
    _run(recipe, out, Path.cwd(), overwrite, limit, None, workers, as_json)


@app.command()
def sql(
    out: Folder,
    query: Annotated[str, typer.Argument(help="SQL, or the name of a query (--list shows them).")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array of objects.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
    names: Annotated[bool, typer.Option("--list", help="List the queries that have a name.")] = False,
) -> None:
    """Ask the audit of a build anything, in DuckDB's SQL; it is opened for reading alone.

    Example: curate sql out/quickstart "select * from contamination" --json
    """
    from curate.audit import sql as audit

    if names or not query:
        for name, question in audit.queries().items():
            print(f"{name:20} {question}")
        return
    print(audit.render(audit.sql(out, query), "json" if as_json else "csv" if as_csv else "table"), end="")


@app.command()
def why(
    out: Folder,
    row: Annotated[str, typer.Argument(metavar="ROW", help="The id of a row: <source>/<row>.")],
) -> None:
    """Tell one row's whole path in words: where it came from, what it matches, who decided what.

    Example: curate why out/quickstart chats/0
    """
    from curate.audit.why import why as tell

    print(tell(out, row), end="")


def _run(
    recipe: Any, out: Path, base: Path, overwrite: bool, limit: int | None, locked: Path | None, workers: int | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Build with progress on the terminal, then print the summary."""
    from curate.mixture import Options
    from curate.mixture import build as run
    from curate.mixture.show import progress_bar, show

    cores = workers or os.cpu_count() or 1
    with progress_bar() as progress:
        options = Options(overwrite=overwrite, limit=limit, locked=locked, workers=cores, progress=progress)
        try:
            built, over = run(recipe, out, base=base, options=options), None
        except FailOver as error:  # the folder is finished: show it all the same
            built, over = error.built, error
    if as_json:
        print(json.dumps(built.summary.as_dict() | {"folder": str(out)}, ensure_ascii=False))
    else:
        show(built.summary, out)
    if over:
        raise over


def main() -> None:
    """Run the command line; every error becomes one line and an exit code."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app(arguments, standalone_mode=True)
    except CurateError as error:
        if debug:
            raise
        print(f"curate: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, SystemExit) as error:
        if isinstance(error, SystemExit) and error.code != 130:  # typer makes an exit with 130 of an interrupt
            raise
        print("curate: interrupted; nothing half-written is left", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:  # no space, no permission, a file where a folder should be
        if debug:
            raise
        print(f"curate: {error.filename or 'disk'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
