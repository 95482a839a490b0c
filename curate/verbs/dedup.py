"""The verb dedup: rows that say what another one says go, without a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from curate.arguments import (
    AsRecords,
    Data,
    Format,
    Json,
    Kind,
    LikeInput,
    Out,
    Split,
    as_format,
    own_rows,
    runs,
)
from curate.verbs.run import run

ALIKE, STAYS = "Which rows are alike", "Which row stays"

By = Annotated[
    str,
    typer.Option(
        metavar="WHAT",
        help="What is compared: conversation, prompt or response.",
        rich_help_panel=ALIKE,
    ),
]
Threshold = Annotated[
    float,
    typer.Option(
        min=0.5,
        max=1,
        metavar="VALUE",
        help="Rows are near duplicates from this Jaccard value of their runs of words on.",
        rich_help_panel=ALIKE,
    ),
]
Exact = Annotated[
    bool,
    typer.Option(
        "--exact",
        metavar="",
        help="Remove only equal texts; white space is not compared.",
        rich_help_panel=ALIKE,
    ),
]
Variants = Annotated[
    str,
    typer.Option(
        metavar="WHAT",
        help="keep or drop near duplicates with other numbers, another question or another answer.",
        rich_help_panel=ALIKE,
    ),
]
Keep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE",
        help="source (the first one given; the default), licence, longest, shortest, largest:COLUMN "
        "or smallest:COLUMN. May be repeated: the next rule decides where one does not.",
        rich_help_panel=STAYS,
    ),
]
Against = Annotated[
    list[str] | None,
    typer.Option(
        metavar="DATA",
        help="A data set that rows are compared with too; its own rows are not written. May be "
        "repeated.",
        rich_help_panel=STAYS,
    ),
]


@runs
def dedup(
    data: Data,
    out: Out,
    by: By = "conversation",
    threshold: Threshold = 0.8,
    exact: Exact = False,
    variants: Variants = "keep",
    keep: Keep = None,
    against: Against = None,
    kind: Kind = None,
    fmt: Format = None,
    split: Split = None,
    like_input: LikeInput = False,
    records: AsRecords = False,
    *,
    options: dict[str, Any],
    as_json: Json = False,
) -> None:
    """Remove equal and nearly equal rows, without a recipe.

    A row is removed if its text equals that of a row that stays, or shares most
    of its runs of five words. Each pair is confirmed, and the audit names the row
    that stays. Rows with other numbers, another question or another answer stay.
    OUT is a folder like that of curate build; rows keep their columns and order.

    \bExample: curate dedup train.jsonl more.jsonl -o once

    \bNew prompts only, without those of a data set that is already built:
      curate dedup rl.jsonl --by prompt --against my-sft -o rl-new

    \bOne answer for each prompt, the one with the highest score:
      curate dedup answers.jsonl --by prompt --keep largest:score -o best

    Read on: docs/dedup.md
    """
    spec = {
        "by": by,
        "threshold": None if exact else threshold,
        "variants": variants,
        "keep": tuple(keep or ("source",)),
        "against": tuple(against or ()),
    }

    def made() -> Any:
        from curate.mixture.adhoc import adhoc_recipe

        return adhoc_recipe(
            data,
            Path.cwd(),
            name=out.absolute().name,
            steps={"dedup": spec},
            kind=kind,
            fmt=fmt and as_format(fmt),
            split=split,
            output=own_rows(like_input, records),
            where="dedup",
        )

    run(made, out, Path.cwd(), options, as_json)
