"""Where rows come from: files, a folder that curate built, or a data set of the Hugging Face Hub.

    source = open_source("gsm8k", "data/gsm8k/train.jsonl", base=recipe_folder)
    for block in source.blocks():
        table = block.table()

A `from` is a path if it starts with `.`, `/` or `~`, has a glob character or an extension that is
read, or exists relative to `base`; otherwise it is `org/name[:subset][@revision]` on the Hub.
`Source` is a protocol: another kind of source is one class and a line in `open_source`. Opening
refuses what cannot be read before any row is; a file that turns out damaged on the way, or
changes, is a `UserError` that names it.
"""

from __future__ import annotations

from curate.files import BadInput, Block, Row, SourceFile
from curate.sources.away import is_away
from curate.sources.files import FileSource, open_rows
from curate.sources.hub import DatasetSource
from curate.sources.opening import open_bare, open_read, open_source
from curate.sources.paths import expand, is_path, source_names
from curate.sources.rows import read_rows, rows_of
from curate.sources.source import Digest, Source, content_digests, estimated_bytes, verify_read

__all__ = [
    "BadInput",
    "Block",
    "DatasetSource",
    "Digest",
    "FileSource",
    "Row",
    "Source",
    "SourceFile",
    "content_digests",
    "estimated_bytes",
    "expand",
    "is_away",
    "is_path",
    "open_bare",
    "open_read",
    "open_rows",
    "open_source",
    "read_rows",
    "rows_of",
    "source_names",
    "verify_read",
]
