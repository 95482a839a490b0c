"""The verb plot: a picture of a built folder as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.arguments import Folder


def plot(
    out: Folder,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="funnel, shares, lengths, or retention of filters."),
    ],
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the SVG goes.")] = None,
    png: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where a PNG goes; needs the extra plot.")
    ] = None,
) -> None:
    """Write a picture of a build to a file.

    The pictures are those of report.html: the rows that come out of every step,
    the share of every source, how long rows are, and what other thresholds of
    filters would keep.

    \bExample: curate plot out/quickstart funnel --svg funnel.svg

    Read on: docs/audit.md
    """
    from curate.audit.plot import write_picture

    for path in write_picture(out, name, svg, png):
        print(path)
