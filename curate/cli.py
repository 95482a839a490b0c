"""The command line: one thin function a verb, no logic of its own.

Results go to standard output, everything else to standard error; `--json` prints one object a program can read. Exit
codes: 0 done, 1 failed or a check did not hold, 2 a mistake in the call, recipe or data, 3 contamination over
--fail-over, 130 interrupted.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.arguments import (
    READ,
    RUN,
    SUITE,
    BenchmarksDir,
    Debug,
    Folder,
    Json,
    Limit,
    Locked,
    MaxRate,
    Out,
    Overwrite,
    SelfTest,
    Verdicts,
    Without,
    Workers,
)
from curate.errors import CurateError, FailOver
from curate.exits import exits

_HELP = """Build post-training data: decontaminated, sampled, written as Parquet, with the evidence for every row.

\bYour own files against your own benchmark, without a recipe:
  curate decontaminate train.jsonl --suite my_benchmark.jsonl -o clean

\bA mixture of several sources, from a recipe:
  curate build my-sft.yaml -o my-sft

\bWhat became of the rows:
  curate sql my-sft contamination
  curate why my-sft chats/0

\bIs a data set sound, and do its answers pass their own verifiers:
  curate check my-rlvr --for rlvr

\bRead on: docs/recipes.md, docs/suites.md, docs/decontamination.md,
docs/audit.md and docs/verifiers.md in the repository; curate VERB --help for all options.
"""
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help=_HELP,
    epilog="Exit codes: 0 done · 1 failed · 2 mistake in call, recipe or data · 3 over --fail-over · 130 interrupted",
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", metavar="", help="Print the version.")] = False,
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
    locked: Locked = None,
    benchmarks_dir: BenchmarksDir = None,
    without: Without = None,
    fail_over: MaxRate = None,
    verdicts: Verdicts = None,
    self_test: SelfTest = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Build the mixture of a recipe into a new folder.

    Rows are read and validated, pass the recipe's steps, and are sampled and
    written. OUT holds the rows, every removed row with its reason, an audit, a
    report, the recipe and a lock, and opens with datasets.load_dataset("OUT").

    \bExample: curate build mixtures/quickstart/recipe.yaml -o out/quickstart

    \bA first try on 1,000 rows of each source, and a rebuild of the same bytes:
      curate build my-sft.yaml -o try --limit 1000
      curate build my-sft/recipe.yaml -o again --locked my-sft

    Read on: docs/recipes.md
    """
    from curate.recipe import load_recipe, override

    given = {
        "benchmarks_dir": None if benchmarks_dir is None else str(benchmarks_dir.absolute()),
        "without": tuple(without) if without else None,
        "fail_over": fail_over,
        "verdicts": None if verdicts is None else str(verdicts.absolute()),
        "self_test": self_test or None,
    }
    options = _options(overwrite, limit, locked, workers)
    _run(override(load_recipe(recipe), given), out, recipe.parent, options, as_json)


@app.command()
def decontaminate(
    data: Annotated[list[str], typer.Argument(metavar="DATA...", help="Files, globs, folders or Hub ids.")],
    out: Out,
    suite: Annotated[
        str | None, typer.Option(metavar="SUITE", help="A shipped suite, a suite file, or a data file of your own.")
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="DATA", help="A data set whose rows must not be there either: a test split, say."),
    ] = None,
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="default, tulu3 (the paper's rule) or olmo3.", rich_help_panel=SUITE)
    ] = "default",
    matcher: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Turn a matcher on beside the profile's: exact, minhash, robust or semantic.",
            rich_help_panel=SUITE,
        ),
    ] = None,
    policy: Annotated[
        str, typer.Option(metavar="NAME", help="report, drop-rows, drop-source or tulu3.", rich_help_panel=SUITE)
    ] = "drop-rows",
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", help="prompt, sft, preference or rlvr; found out by default.", rich_help_panel=READ
        ),
    ] = None,
    fmt: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="messages, sharegpt, alpaca, gsm8k, preference, tulu3-rlvr or text; found out by default.",
            rich_help_panel=READ,
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="The split of Hub ids, built folders and saved data sets.", rich_help_panel=READ
        ),
    ] = "train",
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE",
            help="Whose turns are scanned; user by default; may be given more than once.",
            rich_help_panel=SUITE,
        ),
    ] = None,
    benchmarks_dir: BenchmarksDir = None,
    without: Without = None,
    fail_over: MaxRate = None,
    verdicts: Verdicts = None,
    self_test: SelfTest = False,
    overwrite: Overwrite = False,
    limit: Limit = None,
    locked: Locked = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Take benchmark items out of training data, without a recipe.

    A row goes if runs of eight words that it shares with a benchmark item cover
    more than half of the item, if a turn says the same as an item, or if it holds
    an edited copy of one. OUT is a folder as curate build writes it.

    \bExample: curate decontaminate train.jsonl --suite my_benchmark.jsonl -o clean

    \bEnd with code 3 if the data holds more than 2 % of a benchmark:
      curate decontaminate train.jsonl --suite tulu3 --fail-over 0.02 -o clean

    \bA training split against a test split, and what these settings would miss:
      curate decontaminate train.jsonl --against test.jsonl --self-test -o clean

    Read on: docs/decontamination.md and docs/suites.md
    """
    from curate.mixture.adhoc import adhoc_recipe

    spec = {
        "suite": suite,
        "against": tuple(against or ()),
        "profile": profile,
        "matchers": {name: True for name in matcher or ()},
        "verdicts": None if verdicts is None else str(verdicts),
        "policy": policy,
        "roles": tuple(role or ["user"]),
        "without": tuple(without or ()),
        "benchmarks_dir": None if benchmarks_dir is None else str(benchmarks_dir),
        "fail_over": fail_over,
        "self_test": self_test,
    }
    name, verb = out.absolute().name, "decontaminate"
    recipe = adhoc_recipe(data, Path.cwd(), name=name, steps={verb: spec}, kind=kind, fmt=fmt, split=split, where=verb)
    _run(recipe, out, Path.cwd(), _options(overwrite, limit, locked, workers), as_json)


@app.command()
def check(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A built folder, a file, a glob or a Hub id.")],
    purpose: Annotated[
        str | None, typer.Option("--for", metavar="WHAT", help="sft, dpo or rlvr; found out by default.")
    ] = None,
    workers: Workers = None,
    allow_weaker: Annotated[
        bool,
        typer.Option(
            "--allow-weaker-sandbox", metavar="", help="Run code within limits alone where no sandbox can be made."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check that a data set is sound and ready for a trainer.

    Rows that make no record, prompts that stand twice, pairs without a
    difference, files that differ from the lock, and for rlvr ground truths that
    their own verifiers refuse. Ends with code 1 if anything is found; what is
    found in a built folder is written into its audit.

    \bExample: curate check out/quickstart
      curate check train.jsonl --for rlvr

    Read on: docs/verifiers.md
    """
    from curate.check import check as run
    from curate.check_show import show

    checked = run(path, purpose, workers=workers or os.cpu_count() or 1, allow_weaker=allow_weaker)
    if as_json:
        print(json.dumps(checked.as_dict(), ensure_ascii=False))
    else:
        show(checked)
    if checked.findings:
        raise typer.Exit(1)


@app.command()
def verifiers(as_json: Json = False) -> None:
    """List the verifiers, and how often each is known to be wrong.

    The rates are those measured by benchmarks/verifiers.

    \bExample: curate verifiers

    Read on: docs/verifiers.md
    """
    from curate.check_show import show_verifiers
    from curate.verify.rates import described

    if as_json:
        print(json.dumps(described(), ensure_ascii=False))
    else:
        show_verifiers(described())


@app.command()
def suites(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME | fetch NAME]", help="A suite to show, or to fetch; all are listed without."),
    ] = None,
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="The settings that say what can never match.", rich_help_panel=SUITE)
    ] = "default",
    benchmarks_dir: BenchmarksDir = None,
    without: Without = None,
    as_json: Json = False,
) -> None:
    """List the evaluation suites that ship with curate, or fetch one.

    fetch reads every benchmark of a suite once, so that it lies in the Hub's
    cache, and says how many items can never be matched. It ends with code 1 if
    one cannot be read; the others are fetched all the same.

    \bExample: curate suites
      curate suites tulu3-extended
      curate suites fetch tulu3 --without gpqa

    Read on: docs/suites.md
    """
    from curate import suite_catalogue as module
    from curate.matching.profile import profile as find_profile
    from curate.mixture.show import progress_bar

    with progress_bar() as progress:
        settings = find_profile(profile)
        result = module.run(
            words or [], settings, benchmarks_dir=benchmarks_dir, without=without or (), progress=progress
        )
    if as_json:
        print(json.dumps(module.as_json(result), ensure_ascii=False))
    else:
        module.show(result)
    if isinstance(result, module.Fetch) and result.failed:
        raise CurateError(f"suite {result.suite}: cannot be read: {', '.join(result.failed)}")


@app.command()
def sql(
    out: Folder,
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="SQL, or the name of a query (--list shows them).")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="One JSON array of objects.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", metavar="", help="CSV with a header.")] = False,
    names: Annotated[bool, typer.Option("--list", metavar="", help="List the queries that have a name.")] = False,
) -> None:
    """Ask the audit of a build anything, in DuckDB's SQL.

    The database, OUT/audit.duckdb, is opened for reading alone. Without a query,
    those that have a name are listed.

    \bExample: curate sql out/quickstart contamination
      curate sql out/quickstart "select * from worst_matches where rank <= 5"
      curate sql out/quickstart fates --json

    Read on: docs/audit.md, every table and column
    """
    from curate.audit import sql as audit

    if names or not query:
        for name, question in audit.queries(out).items():
            print(f"{name:20} {question}")
        return
    print(audit.render(audit.sql(out, query), "json" if as_json else "csv" if as_csv else "table"), end="")


@app.command()
def why(
    out: Folder,
    row: Annotated[str, typer.Argument(metavar="ROW", help="The id of a row: <source>/<row>.")],
) -> None:
    """Tell one row's whole path in words.

    Where it came from, what it matches, what each step decided and why.

    \bExample: curate why out/quickstart chats/0

    Read on: docs/audit.md
    """
    from curate.audit.why import why as tell

    print(tell(out, row), end="")


@app.command()
def review(
    out: Folder,
    verdicts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The verdict file; verdicts.yaml beside OUT by default.")
    ] = None,
    benchmark: Annotated[str | None, typer.Option(metavar="NAME", help="Matches of one benchmark alone.")] = None,
    matcher: Annotated[str | None, typer.Option(metavar="NAME", help="What one matcher found alone.")] = None,
    label: Annotated[str | None, typer.Option(metavar="NAME", help="leak, variant, suspect or none.")] = None,
    near: Annotated[bool, typer.Option("--all", metavar="", help="Near misses too, not hits alone.")] = False,
    names: Annotated[bool, typer.Option("--list", metavar="", help="Print what would be reviewed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print it as one JSON object.")] = False,
) -> None:
    """Judge the matches of a build, one key each, and keep the verdicts in a file.

    The worst come first, those without a verdict before the others. Keys: l leak,
    f false alarm, a allowed, n note, s skip, b back, q quit. Every verdict is
    saved at once; the build itself is not changed.

    \bExample: curate review out/quickstart

    Read on: docs/audit.md
    """
    from curate.review import Wanted
    from curate.review import review as walk

    how = "json" if as_json else "list" if names else "walk"
    print(walk(out, verdicts, Wanted(benchmark, matcher, label, near), how))


@app.command()
def report(out: Folder) -> None:
    """Make report.html again from the audit of a build.

    \bExample: curate report out/quickstart

    Read on: docs/audit.md
    """
    from curate.audit.report import write_report

    print(write_report(out))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def train(
    context: typer.Context,
    trainer: Annotated[str, typer.Argument(metavar="TRAINER", help="sft, dpo, rlvr, or one that a package registers.")],
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="A preset's name, or a YAML file.")],
    data: Annotated[str, typer.Option(metavar="DATA", help="A built folder, or any set that `curate check` passes.")],
    out: Out,
    resume: Annotated[
        bool, typer.Option("--resume", metavar="", help="Go on from the last checkpoint in OUT.", rich_help_panel=RUN)
    ] = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Train a model on a mixture, by a preset or a configuration of your own.

    The data is checked first. OUT holds the model with its card, the resolved
    configuration, metrics, curves and samples. Every key of the configuration is
    an option too: --learning-rate 1e-5, --lora.rank 8, --steps 20.

    \bExample: curate train sft laptop-sft --data data -o runs/sft

    \bThe data for it:
      curate build mixtures/quickstart/laptop-sft.yaml -o data

    \bOn eight GPUs:
      accelerate launch --config_file fsdp-8.yaml \\
        -m curate train sft tulu3-sft-8b --data data -o runs/sft

    Read on: docs/training.md, every key and preset
    """
    from curate.trainers import configure, find

    found = find(trainer)
    settings = configure(found, config, context.args)
    done = found.module.train(settings, data, out, resume=resume, overwrite=overwrite)
    if int(os.environ.get("RANK", "0")) == 0:  # one process of a distributed run speaks
        print(json.dumps(done.as_dict(), ensure_ascii=False) if as_json else str(done))


def _options(overwrite: bool, limit: int | None, locked: Path | None, workers: int | None) -> dict[str, Any]:
    """The options of a build as they were given."""
    cores = workers or os.cpu_count() or 1
    return {"overwrite": overwrite, "limit": limit, "locked": locked, "workers": cores}


def _run(recipe: Any, out: Path, base: Path, options: dict[str, Any], as_json: bool) -> None:
    """Build with progress on the terminal, then print the summary."""
    from curate.mixture import Options
    from curate.mixture import build as run
    from curate.mixture.show import progress_bar, show

    with progress_bar() as progress:
        try:
            built, over = run(recipe, out, base=base, options=Options(**options, progress=progress)), None
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
    gc.set_threshold(100_000, 20, 20)  # objects are many and live on, cycles few: to look for them often costs 3 %
    with exits(debug):
        app(arguments, standalone_mode=True)
