"""What a person sees of `curate publish`: what will be uploaded, and where to."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curate.release.parcel import Parcel


def show(out: Parcel, repo: str, public: bool) -> None:
    """Print every file that goes out, with its size and digest."""
    table = Table("file", title=f"{out.folder} → {repo}", title_justify="left")
    table.add_column("bytes", justify="right")
    table.add_column("sha256")
    for piece in out.pieces:
        table.add_row(escape(piece.path), f"{piece.size:,}", piece.sha256[:16])
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    console.print(table)
    who = "public: everybody may read it" if public else "private"
    total = f"{len(out.pieces):,} files, {out.size:,} bytes"
    console.print(f"{total}; a new data set would be {who}", markup=False)
