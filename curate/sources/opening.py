"""What a `from` means: opens it as one of the kinds of source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curate.sources.files import no_columns, open_files
from curate.sources.hub import DatasetSource, open_hub, parse_hub_name
from curate.sources.paths import is_path
from curate.sources.source import Source


def open_source(
    name: str,
    from_: str,
    *,
    base: Path,
    split: str | None = None,
    columns: Sequence[str] | None = None,
) -> Source:
    """Find what `from_` means and check that it can be opened; raises UserError before a row is
    read.

    `base` is the folder that relative paths start from, `columns` names the columns of CSV or TSV
    without a header, and `split` is for the Hub, for folders that curate built and for those of
    `save_to_disk` (default `train`).
    """
    names = tuple(columns) if columns else None
    if is_path(from_, base):
        return open_files(name, from_, base, split, names)
    no_columns(from_, names)
    hub = open_hub(parse_hub_name(from_), split)
    return DatasetSource(name, from_, hub.dataset, hub.revision)
