"""The command line: one thin function a verb, no logic of its own.

Results go to standard output, everything else to standard error; `--json` prints one object a
program can read. Exit codes: 0 done, 1 failed or a check did not hold, 2 a mistake in the call,
recipe or data, 3 contamination over
--fail-over, 130 interrupted.
"""

from __future__ import annotations

import gc
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.arguments import (
    AsRecords,
    BenchmarksDir,
    Data,
    Debug,
    DryRun,
    Format,
    Json,
    Kind,
    LikeInput,
    MaxRate,
    Out,
    OutUnlessDry,
    PolicyName,
    RecipePath,
    SelfTest,
    SourcesDir,
    Split,
    Verdicts,
    Without,
    as_format,
    looks,
    own_rows,
    runs,
)
from curate.errors import UserError
from curate.exits import exits
from curate.verbs import (
    audit,
    data,
    dedup,
    evaluate,
    measure,
    plan,
    plot,
    prefer,
    release,
    side_by_side,
    store,
    synthesize,
    train,
)
from curate.verbs.run import from_file, run

if TYPE_CHECKING:
    from curate.recipe import Recipe

_HELP = """Build post-training data: filtered, deduplicated, decontaminated, sampled.

Every row that is removed has its reason in an audit that you can query.

\bYour own files, checked against your own benchmark, without a recipe:
  curate decontaminate train.jsonl --suite my_benchmark.jsonl -o clean

\bWhat data sets of any kind hold of a suite, and of each other:
  curate audit sft.jsonl prefs.jsonl --suite tulu3 -o audit

\bA mixture of several sources, from a recipe:
  curate build my-sft.yaml -o my-sft

\bWhat a recipe would build, and what is in its way:
  curate plan my-sft.yaml

\bRows that a language model writes, each verified:
  curate synthesize personas.yaml -o personas

\bPairs of answers that judges have rated:
  curate prefer my-pairs.yaml -o my-pairs

\bWhat became of the rows, and why:
  curate sql my-sft contamination
  curate why my-sft chats/0

\bWhether a data set is sound, and its answers pass their own verifiers:
  curate check my-rlvr --for rlvr

\bWhat changed between two builds, or two files:
  curate diff before after

\bWhat a model scores, also on items that its data does not touch:
  curate evaluate my-model --task gsm8k --against my-sft -o scores

\bTo the Hub, or to another trainer:
  curate publish my-sft org/my-sft
  curate export my-sft --to axolotl -o for-axolotl

\bRead on: curate VERB --help for all options; in the repository
docs/recipes.md, docs/suites.md, docs/decontamination.md, docs/dedup.md,
docs/filters.md, docs/audit.md, docs/verifiers.md, docs/synthesis.md,
docs/preferences.md, docs/engines.md, docs/training.md, docs/evaluation.md
and docs/publish.md.
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
    version: Annotated[
        bool, typer.Option("--version", metavar="", help="Print the version.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Say the version, or hand on to a verb."""
    if version:
        from importlib.metadata import version as version_of

        print(f"curate {version_of('tulu-curate')}")
        raise typer.Exit


@app.command()
@runs
def build(
    recipe: RecipePath,
    out: OutUnlessDry = None,
    dry_run: DryRun = False,
    sources_dir: SourcesDir = None,
    benchmarks_dir: BenchmarksDir = None,
    without: Without = None,
    fail_over: MaxRate = None,
    verdicts: Verdicts = None,
    self_test: SelfTest = False,
    *,
    options: dict[str, Any],
    as_json: Json = False,
) -> None:
    """Build the mixture of a recipe into a new folder.

    Rows are read and validated, pass through the recipe's steps, and are sampled
    and written. OUT holds them, every removed row with its reason, an audit, a
    report, the recipe and a lock. datasets.load_dataset("OUT") opens it.

    \bExample: curate build mixtures/quickstart/recipe.yaml -o out/quickstart

    \bA trial run on 1,000 rows of each source, and a rebuild of the same bytes:
      curate build my-sft.yaml -o try --limit 1000
      curate build my-sft/recipe.yaml -o again --locked my-sft

    \bWhat would be taken, before anything is written:
      curate build my-sft.yaml --dry-run

    Read on: docs/recipes.md and docs/plan.md
    """
    changed = from_file(
        recipe,
        benchmarks_dir,
        without=tuple(without) if without else None,
        fail_over=fail_over,
        verdicts=None if verdicts is None else str(verdicts.absolute()),
        self_test=self_test or None,
    )
    options |= {"sources_dir": sources_dir}
    if dry_run:
        plan.measured(changed, recipe.parent, options, as_json)
    elif out is None:
        raise UserError("build: name the new folder to write: --out OUT; or --dry-run")
    else:
        run(changed, out, recipe.parent, options, as_json)


@app.command()
@runs
@looks
def decontaminate(
    data: Data,
    out: Out,
    *,
    spec: dict[str, Any],
    policy: PolicyName = "drop-rows",
    kind: Kind = None,
    fmt: Format = None,
    split: Split = None,
    like_input: LikeInput = False,
    records: AsRecords = False,
    options: dict[str, Any],
    as_json: Json = False,
) -> None:
    """Remove benchmark items from training data, without a recipe.

    A row is removed if runs of eight words that it shares with a benchmark item
    cover more than half of the item, if one of its turns equals an item, or if it
    holds an edited copy of one. OUT is a folder like that of curate build; rows
    keep their columns and their order, in Parquet.

    \bExample: curate decontaminate train.jsonl --suite my_benchmark.jsonl -o clean

    \bThe same, with the lines of the file unchanged in clean/data/train.jsonl:
      curate decontaminate train.jsonl --suite tulu3 --like-input -o clean

    \bEnd with code 3 if the data holds more than 2 % of a benchmark:
      curate decontaminate train.jsonl --suite tulu3 --fail-over 0.02 -o clean

    \bA training split against a test split; --self-test says what would be missed:
      curate decontaminate train.jsonl --against test.jsonl --self-test -o clean

    \bColumns with names of your own:
      curate decontaminate t.csv --format '{prompt: q}' --suite e.csv -o out

    Read on: docs/decontamination.md and docs/suites.md
    """

    def made() -> tuple[Recipe, tuple[str, ...]]:
        from curate.mixture.adhoc import adhoc_recipe

        verb = "decontaminate"
        return adhoc_recipe(
            data,
            Path.cwd(),
            name=out.absolute().name,
            steps={verb: {**spec, "policy": policy}},
            kind=kind,
            fmt=fmt and as_format(fmt),
            split=split,
            output=own_rows(like_input, records),
            where=verb,
        )

    run(made, out, Path.cwd(), options, as_json)


for verb in (
    dedup.dedup,
    measure.measure,
    synthesize.synthesize,
    prefer.prefer,
    prefer.judge,
    plan.plan,
    side_by_side.audit,
    data.check,
    data.diff,
    data.verifiers,
    data.suites,
    data.stages,
    store.store,
    evaluate.evaluate,
    audit.sql,
    audit.why,
    audit.review,
    audit.report,
    plot.plot,
    release.publish,
    release.export,
):
    app.command()(verb)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    train.train
)


def main() -> None:
    """Run the command line; every error becomes one line and an exit code."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)
    gc.set_threshold(
        100_000, 20, 20
    )  # objects are many and live on, cycles few: to look for them often costs 3 %
    with exits(debug):
        app(arguments, standalone_mode=True)
