"""The verb dedup: rows that say what another one says go, without a recipe."""

from __future__ import annotations

from collections.abc import Callable
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
    Limit,
    Locked,
    NoStages,
    Out,
    Overwrite,
    Split,
    Stages,
    Workers,
    as_format,
    own_rows,
)

ALIKE, STAYS = "Which rows are alike", "Which row stays"

By = Annotated[
    str,
    typer.Option(metavar="WHAT", help="conversation, prompt or response.", rich_help_panel=ALIKE),
]
Threshold = Annotated[
    float,
    typer.Option(
        min=0.5,
        max=1,
        metavar="VALUE",
        help="The Jaccard value of runs of words from which on rows are near duplicates.",
        rich_help_panel=ALIKE,
    ),
]
Exact = Annotated[
    bool,
    typer.Option(
        "--exact",
        metavar="",
        help="Look for equal texts alone, but for blanks.",
        rich_help_panel=ALIKE,
    ),
]
Variants = Annotated[
    str,
    typer.Option(
        metavar="WHAT",
        help="keep or drop rows that are near duplicates but for their numbers or answer.",
        rich_help_panel=ALIKE,
    ),
]
Keep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE",
        help="source (the order given), licence, longest, shortest, largest:COLUMN or "
        "smallest:COLUMN; may be given more than once.",
        rich_help_panel=STAYS,
    ),
]
Against = Annotated[
    list[str] | None,
    typer.Option(
        metavar="DATA",
        help="A data set whose rows all stay and are not written; may be given more than once.",
        rich_help_panel=STAYS,
    ),
]


def verb(
    options_of: Callable[..., dict[str, Any]], run: Callable[..., None]
) -> Callable[..., None]:
    """The verb, given what the command line makes of the options of a build, and how it runs one."""

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
        overwrite: Overwrite = False,
        limit: Limit = None,
        locked: Locked = None,
        workers: Workers = None,
        stages: Stages = None,
        no_stages: NoStages = False,
        as_json: Json = False,
    ) -> None:
        """Remove rows that say what another row says, without a recipe.

        A row goes if its text is that of a row that stays, or shares most of its runs
        of five words with it; each pair is confirmed, and the audit names the row
        that stays. Rows with other numbers or another answer stay. OUT is a folder as
        from curate build; the rows that stay have their own columns and order.

        \bExample: curate dedup train.jsonl more.jsonl -o once

        \bPrompts of one stage that stand in another one already:
          curate dedup rl.jsonl --by prompt --against my-sft -o rl-new

        \bOf several answers to one prompt the one with the highest score:
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

        options = options_of(overwrite, limit, locked, workers, stages, no_stages)
        run(made, out, Path.cwd(), options, as_json)

    return dedup
