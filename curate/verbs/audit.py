"""Verbs that ask a built folder: sql, why, review, report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from curate.arguments import Folder
from curate.errors import UserError


def sql(
    out: Folder,
    query: Annotated[
        str,
        typer.Argument(
            metavar="QUERY", help="SQL, or the name of a query; --list shows the names."
        ),
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="One JSON array of objects.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", metavar="", help="CSV with a header.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the answer to FILE: .parquet, .csv or .json."),
    ] = None,
    names: Annotated[
        bool, typer.Option("--list", metavar="", help="List the named queries.")
    ] = False,
) -> None:
    """Query the audit of a build, by name or in DuckDB's SQL.

    The database, OUT/audit.duckdb, is opened read-only, and no other file can be
    reached from there. Without a query, the named queries are listed.

    \bExample: curate sql out/quickstart contamination
      curate sql out/quickstart "select * from worst_matches where rank <= 5"
      curate sql out/quickstart fates --json
      curate sql out/quickstart "from documents" --output documents.parquet

    Read on: docs/audit.md, every table and column
    """
    from shutil import get_terminal_size
    from textwrap import fill

    from curate.audit import sql as audit

    width = get_terminal_size().columns if sys.stdout.isatty() else None
    if names or not query:
        for name, question in audit.queries(out).items():
            line = f"{name:20} {question}"
            print(fill(line, width, subsequent_indent=" " * 21) if width else line)
        return
    if output is not None:
        answer = audit.sql(out, query)
        audit.write(answer, output)
        print(f"{output}: {answer.num_rows:,} rows")
        return
    fmt = "json" if as_json else "csv" if as_csv else "table"
    print(audit.render(audit.sql(out, query), fmt, width), end="")


def why(
    out: Folder,
    row: Annotated[
        str, typer.Argument(metavar="ROW", help="The id of a row: <source>/<row>, counted from 0.")
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--paste",
            metavar="FORM",
            help="Print one match of the row instead, with both texts, to paste into an issue: as "
            "markdown or html.",
        ),
    ] = None,
    item: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Which item's match; the worst by default."),
    ] = None,
) -> None:
    """Explain in words what became of one row.

    Where it came from, what it matches, what each step decided and why.

    \bExample: curate why out/quickstart chats/0

    \bOne match, with both texts, for an issue:
      curate why my-sft chats/17 --item gsm8k/3 --paste markdown

    Read on: docs/audit.md
    """
    if form is not None:
        from curate.review.paste import paste

        print(paste(out, row, item, form), end="")
        return
    if item is not None:
        raise UserError("why: --item goes with --paste")
    from curate.audit.why import why as tell

    print(tell(out, row), end="")


def review(
    out: Folder,
    verdicts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The verdict file; verdicts.yaml beside OUT by default."),
    ] = None,
    benchmark: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only matches of one benchmark.")
    ] = None,
    matcher: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only what one matcher found.")
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Only matches with one label: leak, variant, suspect or none."
        ),
    ] = None,
    near: Annotated[
        bool, typer.Option("--all", metavar="", help="Include near misses, not only hits.")
    ] = False,
    names: Annotated[
        bool, typer.Option("--list", metavar="", help="Print what would be reviewed, and end.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="The same as one JSON object.")
    ] = False,
) -> None:
    """Judge the matches and duplicates of a build, one key each, into a file.

    Matches without a verdict come first, the highest scores before the others;
    then a random sample of the removed duplicates. Keys: l leak, f false alarm,
    a allowed; of duplicates d duplicate, k keep both; n note, s skip, b back,
    q quit. Every verdict is saved at once; the build itself is not changed.

    \bExample: curate review out/quickstart

    Read on: docs/audit.md
    """
    from curate.review import Selection
    from curate.review import review as walk

    how = "json" if as_json else "list" if names else "walk"
    print(walk(out, verdicts, Selection(benchmark, matcher, label, near), how))


def report(out: Folder) -> None:
    """Write report.html again, from the audit of a build.

    \bExample: curate report out/quickstart

    Read on: docs/audit.md
    """
    from curate.audit.report import write_report

    print(write_report(out))
