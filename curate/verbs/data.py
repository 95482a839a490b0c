"""Verbs about data sets and what judges them: check, diff, verifiers, suites."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from curate.arguments import (
    SUITE,
    BenchmarksDir,
    Format,
    Json,
    StagesDir,
    Without,
    Workers,
    as_format,
)
from curate.errors import CurateError, UserError, unknown


def check(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A built folder, a file, a glob or a Hub id.")
    ],
    purpose: Annotated[
        str | None,
        typer.Option("--for", metavar="WHAT", help="sft, dpo, kto or rlvr. Detected by default."),
    ] = None,
    lock: Annotated[
        bool,
        typer.Option("--lock", metavar="", help="Compare a built folder with its lock and audit."),
    ] = False,
    fmt: Format = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="A tokenizer.json, or its folder, whose special tokens no text should hold; "
            "those in wide use by default.",
        ),
    ] = None,
    workers: Workers = None,
    allow_weaker: Annotated[
        bool,
        typer.Option(
            "--allow-weaker-sandbox",
            metavar="",
            help="If no sandbox can be made, run code with limits only.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check that a data set is sound and ready for a trainer.

    Finds rows that cannot be parsed, blank turns, speakers out of turn, tools
    that are no JSON, special tokens in a text, duplicate prompts, pairs whose
    answers are the same, files that differ from the lock, and for rlvr ground
    truths that their own verifiers reject. Ends with code 1 if anything is found;
    findings in a built folder are written into its audit.

    With --lock the rows themselves are not examined: every file is hashed and
    opened again, its columns and rows are compared with the lock and the audit,
    and the audit has to add up. It reports what held, and writes nothing.

    \bExample: curate check out/quickstart
      curate check train.jsonl --for rlvr
      curate check out/quickstart --lock

    Read on: docs/verifiers.md and docs/trust.md
    """
    from curate.check import check as run
    from curate.check import check_lock
    from curate.check_show import show
    from curate.lock import LOCK

    if lock and purpose:
        raise UserError("--lock does not look into rows: leave --for out, or check twice")
    if fmt and (lock or (Path(path) / LOCK).is_file()):
        raise UserError(
            "--format is for data that was not built here; a built folder knows its own"
        )
    if lock and tokenizer:
        raise UserError("--lock does not look into rows: leave --tokenizer out, or check twice")
    if lock:
        checked = check_lock(path)
    else:
        workers = workers or os.cpu_count() or 1
        checked = run(
            path,
            purpose,
            workers=workers,
            allow_weaker=allow_weaker,
            tokenizer=tokenizer,
            fmt=fmt and as_format(fmt),
        )
    if as_json:
        print(json.dumps(checked.as_dict(), ensure_ascii=False))
    else:
        show(checked)
    if checked.findings:
        raise typer.Exit(1)


def diff(
    a: Annotated[
        str, typer.Argument(metavar="A", help="A built folder, a file, a glob or a Hub id.")
    ],
    b: Annotated[
        str, typer.Argument(metavar="B", help="What to compare it with: the same choices.")
    ],
    as_json: Json = False,
) -> None:
    """Show what changed between two data sets.

    Of two built folders: inputs, parameters, versions and counts, what became of
    every row, and the rows themselves. Of other data: the rows only, compared by
    content. Ends with code 0 if nothing differs and with 1 if anything does;
    another order of the rows counts as a difference.

    \bExample: curate diff out/before out/after
      curate diff train.jsonl train.parquet --json

    Read on: docs/trust.md
    """
    from curate.compare import diff as run
    from curate.compare.show import show

    changed = run(a, b)
    if as_json:
        print(json.dumps(changed.as_dict(), ensure_ascii=False))
    else:
        show(changed)
    if not changed.same:
        raise typer.Exit(1)


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


def suites(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME | fetch NAME]",
            help="A suite to show, or to fetch. Without one, all are listed.",
        ),
    ] = None,
    profile: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The settings by which items are told that can never match.",
            rich_help_panel=SUITE,
        ),
    ] = "default",
    benchmarks_dir: BenchmarksDir = None,
    without: Without = None,
    as_json: Json = False,
) -> None:
    """List the evaluation suites that ship with curate, or fetch one.

    fetch reads every benchmark of a suite once, so that the Hub's cache holds it,
    and reports how many items can never be matched. It ends with code 1 if one
    cannot be read; the others are still fetched.

    \bExample: curate suites
      curate suites tulu3-extended
      curate suites fetch tulu3 --without gpqa

    Read on: docs/suites.md
    """
    from curate.matching.profile import profile as find_profile
    from curate.progress import shown
    from curate.suites import catalogue as module

    with shown() as progress:
        settings = find_profile(profile)
        result = module.run(
            words or [],
            settings,
            benchmarks_dir=benchmarks_dir,
            without=without or (),
            progress=progress,
        )
    if as_json:
        print(json.dumps(module.as_json(result), ensure_ascii=False))
    else:
        module.show(result)
    if isinstance(result, module.Fetch) and result.failed:
        n, of = len(result.failed), len(result.failed) + len(result.benchmarks)
        raise CurateError(f"suite {result.suite}: {n} of {of} benchmarks cannot be read")


def stages(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[prune]", help="prune removes them; without it, they are only counted."
        ),
    ] = None,
    folder: StagesDir = None,
    keep: Annotated[
        float,
        typer.Option(
            "--keep-gb",
            min=0,
            metavar="GB",
            show_default=False,
            help="With prune: how much may stay; 0 by default.",
        ),
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Show or remove the intermediate results that builds keep to continue.

    A build keeps intermediate results (stages) in the user's cache. If it is
    killed, the next one continues where it stopped; with another threshold it
    decides again without reading the data. At most 20 GB are kept. What a running
    build uses is never removed.

    \bExample: curate stages
      curate stages prune --keep-gb 5

    Read on: docs/architecture.md
    """
    from curate.mixture import stages as module

    if words and words != ["prune"]:
        raise UserError(
            f"{unknown('word', words[0], ['prune'])}; without a word the stages are counted"
        )
    root = folder or module.default_root()
    gone, freed = module.prune(root, int(keep * 1e9)) if words else (0, 0)
    left, size = module.kept(root)
    if as_json:
        print(
            json.dumps(
                {
                    "folder": str(root),
                    "stages": left,
                    "bytes": size,
                    "removed": gone,
                    "freed": freed,
                }
            )
        )
        return
    if words:
        print(f"removed {gone:,} stages, {freed / 1e9:,.2f} GB")
    print(f"{root}: {left:,} stages, {size / 1e9:,.2f} GB")
