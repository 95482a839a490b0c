"""What a `from` means: opens it as one of the kinds of source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curate.sources.files import open_files, refuse_keys
from curate.sources.hub import DatasetSource, open_hub, parse_hub_name
from curate.sources.paths import is_path, source_names
from curate.sources.source import Source
from curate.sources.spec import ReadSpec


def open_source(
    name: str,
    from_: str,
    *,
    base: Path,
    split: str | None = None,
    columns: Sequence[str] | None = None,
    encoding: str | None = None,
    field: str | None = None,
    subset: str | None = None,
    exact: bool = True,
) -> Source:
    """Find what `from_` means and check that it can be opened; raises UserError before a row is
    read.

    `base` is the folder that relative paths start from. `columns` names the columns of CSV or TSV
    without a header, `encoding` says what is no UTF-8, and `field` is the key of the list that
    holds the rows where a JSON file is one object. `split` is one of the Hub or of a folder (`splits`); left out, it is
    `train`, or the only one there is. `subset` is a configuration that a folder's README.md may
    name; where the split need not be `exact`, files of one split stand for any.
    """
    names = tuple(columns) if columns else None
    if is_path(from_, base):
        return open_files(
            name,
            from_,
            base,
            split,
            columns=names,
            encoding=encoding,
            field=field,
            subset=subset,
            exact=exact,
        )
    refuse_keys(from_, None, names, encoding, field)
    hub = open_hub(parse_hub_name(from_), split)
    return DatasetSource(name, from_, hub.dataset, hub.revision)


def open_read(spec: ReadSpec, base: Path) -> Source:
    """Open what a recipe says of rows to be read; raises UserError where it can't be."""
    return open_source(
        spec.name,
        spec.from_,
        base=base,
        split=spec.split,
        columns=spec.columns,
        encoding=spec.encoding,
        field=spec.field,
    )


def open_bare(path: str) -> Source:
    """A path or a name of the Hub that no recipe names: relative to the working folder, under the
    name that it gives.
    """
    (name,) = source_names([path])
    return open_source(name, path, base=Path.cwd())
