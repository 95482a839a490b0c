"""Verbs by which data leaves the house: publish, export."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from curate.arguments import Folder, Json
from curate.errors import UserError


def publish(
    out: Folder,
    repo: Annotated[
        str, typer.Argument(metavar="ORG/NAME", help="The data set on the Hub to write to.")
    ],
    public: Annotated[
        bool,
        typer.Option("--public", metavar="", help="Make it public; it is private by default."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", metavar="", help="Show what would be uploaded, and end."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", metavar="", help="Upload without asking.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Publish a built folder on the Hugging Face Hub.

    Uploads what the lock names, with the lock, recipe, audit, report, a card
    whose head is written anew, and croissant.json; then compares what lies there
    with what lies here. It shows every file first, and asks. If it breaks off,
    the same command continues. A folder that is not what its lock says is
    refused.

    \bExample: curate publish my-sft org/my-sft --dry-run
      curate publish my-sft org/my-sft --yes

    Read on: docs/publish.md
    """
    from curate.release import parcel
    from curate.release import publish as run
    from curate.release.publish import check_name
    from curate.release.show import show

    check_name(repo)
    going = parcel(out)
    told = going.as_dict() | {"repo": repo, "public": public}
    if not as_json:
        show(going, repo, public)
    elif dry_run:
        print(json.dumps(told, ensure_ascii=False))
    if dry_run:
        return
    if not yes and (as_json or not sys.stdin.isatty()):
        raise UserError("nobody can be asked here: give --yes to upload, or --dry-run to look")
    if not yes and not typer.confirm(f"Upload to {repo}?"):
        raise typer.Exit(1)
    sent = run(going, repo, public=public)
    if as_json:
        print(json.dumps(told | {"sent": sent.as_dict()}, ensure_ascii=False))
    else:
        print(f"{sent.url} at {sent.commit[:12]}: {sent.files:,} files compared, all as sent")


def export(
    out: Folder,
    to: Annotated[
        str,
        typer.Option(
            metavar="TARGET",
            help="verl, open-instruct, llama-factory, axolotl, openai-jsonl or croissant.",
        ),
    ],
    into: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The new folder to write.")
    ],
    as_json: Json = False,
) -> None:
    """Write a built folder as the files that another trainer reads.

    Every row of both splits, in order; a kind or a row that the target cannot
    hold (tools, reasoning, turns in another order) is refused by its id, and
    nothing is left out. croissant writes the metadata alone.

    \bExample: curate export my-rlvr --to verl -o verl
      curate export my-sft --to llama-factory -o LLaMA-Factory/data/my-sft

    Read on: docs/publish.md
    """
    from curate.exports.run import export as run

    done = run(out, to, into)
    if as_json:
        print(json.dumps(vars(done)))
    else:
        rows = ", ".join(f"{n:,} {split}" for split, n in done.rows.items())
        print(f"{done.folder}: {done.to}{f', {rows} rows' if rows else ''}")
