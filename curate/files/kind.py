"""What the name of a file says: its kind, and what it is called without its extensions."""

from __future__ import annotations

from pathlib import Path

from curate.files.stream import COMPRESSIONS

_TEXT = {
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
}
_COLUMNS = {".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".feather": "arrow"}
EXTENSIONS = (*_TEXT, *_COLUMNS)


def kind_of(name: str) -> str | None:
    """The kind of file by its name, such as `json lines`; None where it is not read."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        return _TEXT.get(suffixes[-2]) if len(suffixes) > 1 else None
    return (_TEXT | _COLUMNS).get(suffixes[-1]) if suffixes else None


def stem_of(name: str) -> str:
    """Cut the extensions of a data file; the name of anything else comes back whole."""
    while kind_of(name) or Path(name).suffix in COMPRESSIONS:
        name = Path(name).stem
    return name
