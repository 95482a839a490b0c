"""The verb about answers of language models: store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.arguments import Json
from curate.errors import UserError, unknown

if TYPE_CHECKING:
    from rich.table import Table

WORDS = ("stats", "export", "prune")


def store(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[stats | export FILE | prune]", help="stats by default."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--store",
            metavar="DIR",
            help="The folder of the store; in the user's cache by default.",
        ),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option(min=0, metavar="DAYS", help="With prune: how old an answer may be."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what models were asked and what it cost, export it, or throw it away.

    Every answer of a model is kept, so that no question is asked twice, whatever
    ends a run. stats counts them by model and outcome, export writes them to a
    Parquet file, and prune throws away those older than --days.

    \bExample: curate store
      curate store export answers.parquet
      curate store prune --days 90

    Read on: docs/engines.md
    """
    from curate.engines import stock
    from curate.engines.store import default_store

    root, (word, *rest) = folder or default_store(), words or ["stats"]
    if word not in WORDS:
        raise UserError(unknown("word", word, WORDS))
    if len(rest) != (word == "export"):
        raise UserError("curate store export FILE names one file; stats and prune name none")
    if word == "stats":
        found = stock.stats(root)
        print(json.dumps(found, ensure_ascii=False)) if as_json else _show(found)
    elif word == "export":
        _tell("exported", stock.export(root, Path(rest[0])), as_json)
    elif days is None:
        raise UserError("prune throws answers away: say how old they may be, such as --days 90")
    else:
        _tell("removed", stock.prune(root, days), as_json)


def _tell(what: str, n: int, as_json: bool) -> None:
    print(json.dumps({what: n}) if as_json else f"{what} {n:,} answers")


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console()
    console.print(_table(found["engines"]))
    print(f"{found['folder']}: {found['bytes'] / 1e6:,.1f} MB")
    if found["under_way"]:
        print(f"{found['under_way']:,} requests are under way")
    if found["lost"]:
        print(f"{found['lost']:,} requests were under way when their process was killed")


def _table(engines: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("kind", "model", "outcome")
    for name in ("requests", "prompt tokens", "tokens written", "cost"):
        table.add_column(name, justify="right")
    for row in engines:
        cost = "" if row["cost"] is None else f"${row['cost']:,.2f}"
        figures = [row["requests"], row["prompt_tokens"], row["completion_tokens"]]
        shown = [f"{figure or 0:,}" for figure in figures]
        table.add_row(row["kind"], row["model"], row["outcome"], *shown, cost)
    return table
